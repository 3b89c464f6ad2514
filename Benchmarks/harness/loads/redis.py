"""redis-benchmark, GET or SET; it ends with an error when the server answers with one. And loads that it has not."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import ClassVar

from ..clients.redis import command
from ..processes import Failure
from ..servers.keyvalue import KeyValueServer
from ..site import Endpoint, Site
from . import Done
from .exchange import exchange
from .keyvalue import KeyValueLoad

PROGRAM = "/usr/bin/redis-benchmark"


@dataclass
class RedisLoad(KeyValueLoad):
    wire: ClassVar[str] = "redis"
    #: What redis-benchmark uses unless it is told to pick random ones.
    key: ClassVar[str] = "key:__rand_int__"

    def ask(self, site: Site, endpoint: Endpoint, wanted: int) -> Done:
        said = site.workspace.run([
            PROGRAM, "-h", "127.0.0.1", "-p", str(endpoint.port), "-t", self.command,
            "-c", str(self.clients), "-P", str(self.pipeline), "-d", str(self.value_bytes), "-n", str(wanted),
            "--csv"])
        rows = [row for row in csv.DictReader(io.StringIO(_csv(said))) if row["test"].lower() == self.command]
        if len(rows) != 1:
            raise Failure(f"redis-benchmark printed no row for {self.command}: {said[-300:]}")
        row = rows[0]
        return Done(wanted, wanted / float(row["rps"]),
                    float(row["p50_latency_ms"]) * 1000, float(row["p99_latency_ms"]) * 1000)


@dataclass
class RedisScriptLoad(KeyValueLoad):
    """MGET of ten values (`mget`), or nine GETs to one SET (`mix`); every reply is compared byte for byte."""

    wire: ClassVar[str] = "redis"
    key: ClassVar[str] = "key:__rand_int__"
    KEYS: ClassVar[int] = 10

    def ask(self, site: Site, endpoint: Endpoint, wanted: int) -> Done:
        return exchange(site, endpoint, self.clients, self.pipeline, wanted, self.exchanges)

    def arrived(self, server: KeyValueServer) -> int:
        # Proxies that know several servers may send an MGET's keys one by one.
        if self.command == "mget":
            return server.calls("mget") + server.calls("get") // self.KEYS
        return server.calls("get") + server.calls("set")

    @property
    def exchanges(self) -> list[tuple[bytes, bytes]]:
        bulk = b"$%d\r\n%s\r\n" % (self.value_bytes, self.value)
        if self.command == "mget":
            return [(command("MGET", *[self.key] * self.KEYS), b"*%d\r\n" % self.KEYS + bulk * self.KEYS)]
        return [(command("SET", self.key, self.value), b"+OK\r\n"), *[(command("GET", self.key), bulk)] * 9]


def _csv(said: str) -> str:
    """redis-benchmark's table without the warnings it prints where a proxy refuses CONFIG."""
    return "\n".join(line for line in said.splitlines() if line.startswith('"'))
