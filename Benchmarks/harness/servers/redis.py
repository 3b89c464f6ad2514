"""A redis-server that keeps nothing on disk."""

from __future__ import annotations

import os
import re

from ..processes import Failure
from ..resp import RedisClient
from ..site import Endpoint, Site

# redis-server keeps 32 descriptors for itself and lowers this where the limit is below it.
MAX_CLIENTS = 20_000


class RedisServer:
    protocol = "redis"

    def __init__(self, site: Site):
        self.port = site.workspace.free_port()
        folder = site.workspace.folder_for("redis")
        self.process = site.workspace.start("redis-server", [
            "/usr/bin/redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder,
            "--save", "", "--appendonly", "no", "--maxclients", str(MAX_CLIENTS),
            "--tcp-backlog", "4096", "--loglevel", "warning"])
        site.workspace.wait_for_port(self.process, self.port)

    def calls(self, name: str) -> int:
        """How many commands of this name it has carried out without an error since it started."""
        with RedisClient(self.port) as client:
            said = client.ask("INFO", "commandstats").decode()
        found = re.search(rf"^cmdstat_{name}:calls=(\d+).*rejected_calls=(\d+),failed_calls=(\d+)", said, re.MULTILINE)
        if not found:
            return 0
        calls, rejected, failed = (int(number) for number in found.groups())
        if rejected or failed:
            raise Failure(f"redis-server rejected {rejected} and failed {failed} {name} commands")
        return calls

    def check(self, endpoint: Endpoint) -> None:
        """Proves that what is asked at the endpoint reaches this server: a key set there is found here."""
        mark = os.urandom(8).hex()
        with RedisClient(endpoint.port, allowed=5) as client, RedisClient(self.port) as direct:
            if client.ask("PING") != b"PONG":
                raise Failure("PING was not answered with PONG")
            client.ask("SET", "check", mark)
            if direct.ask("GET", "check") != mark.encode() or client.ask("GET", "check") != mark.encode():
                raise Failure("a key set through the endpoint is not in the server behind it")
