"""redis-benchmark's load in memcached's text protocol, by a program of our own.

Of what Debian and PyPI have, memcslap and memaslap can neither pipeline single gets nor fix the number of requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..clients import memcached
from ..site import Endpoint, Site
from . import Done
from .exchange import exchange
from .keyvalue import KeyValueLoad


@dataclass
class MemcachedLoad(KeyValueLoad):
    wire: ClassVar[str] = "memcached"
    #: As long as redis-benchmark's.
    key: ClassVar[str] = "key:memcached-16"

    def ask(self, site: Site, endpoint: Endpoint, wanted: int) -> Done:
        return exchange(site, endpoint, self.clients, self.pipeline, wanted, [self.exchange])

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
