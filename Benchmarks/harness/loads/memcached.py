"""redis-benchmark's load in memcached's text protocol, by a program of our own.

Of what Debian and PyPI have, memcslap and memaslap can neither pipeline single gets nor fix the number of requests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..clients import memcached
from ..site import Endpoint, Site
from . import Done
from .keyvalue import KeyValueLoad

SOURCE = Path(__file__).with_name("exchange.c")


@dataclass
class MemcachedLoad(KeyValueLoad):
    wire: ClassVar[str] = "memcached"
    #: As long as redis-benchmark's.
    key: ClassVar[str] = "key:memcached-16"

    def ask(self, site: Site, endpoint: Endpoint, wanted: int) -> Done:
        request, reply = self.exchange
        said = json.loads(site.workspace.run([
            site.compiled(SOURCE), str(endpoint.port), str(self.clients), str(self.pipeline), str(wanted),
            request.decode(), reply.decode()]))
        return Done(said["requests"], said["seconds"], said["p50"], said["p99"])

    @property
    def exchange(self) -> tuple[bytes, bytes]:
        """One request and the only reply to it that counts."""
        if self.command == "get":
            return memcached.get_request(self.key), memcached.get_reply(self.key, self.value)
        return memcached.set_request(self.key, self.value), memcached.STORED


@dataclass
class MemcachedMetaLoad(MemcachedLoad):
    """The same in meta commands: memcached writes once for many pipelined `mg`, and once for each `get`."""

    wire: ClassVar[str] = "memcached-meta"

    @property
    def exchange(self) -> tuple[bytes, bytes]:
        if self.command == "get":
            return memcached.meta_get_request(self.key), memcached.meta_get_reply(self.value)
        return memcached.meta_set_request(self.key, self.value), memcached.META_STORED
