"""redis-benchmark, GET or SET; the server's own counters say how many commands arrived and that none failed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from ..processes import Failure
from ..resp import RedisClient
from ..servers.redis import RedisServer
from ..site import Endpoint, Site
from . import Done

# The key redis-benchmark uses unless it is told to pick random ones.
KEY = "key:__rand_int__"
PROBE_REQUESTS = 2_000


@dataclass
class RedisLoad:
    command: str
    clients: int
    pipeline: int
    value_bytes: int
    requests: int = 0

    def prepare(self, site: Site, server: RedisServer, seconds: float) -> None:
        with RedisClient(server.port) as client:
            client.ask("SET", KEY, bytes(self.value_bytes))
        self.requests = PROBE_REQUESTS
        direct = Endpoint(server.port)
        # The first probe is over in a blink; the second lasts long enough to be believed.
        self.requests = max(PROBE_REQUESTS, int(self.run(site, server, direct).rate * 0.2))
        # Proxies are slower than the direct way, so a round of theirs takes longer than this.
        self.requests = max(PROBE_REQUESTS, int(self.run(site, server, direct).rate * seconds * 0.6))

    def run(self, site: Site, server: RedisServer, endpoint: Endpoint, share: float = 1.0) -> Done:
        batch = self.clients * self.pipeline
        wanted = max(1, round(self.requests * share / batch)) * batch
        before = server.calls(self.command)
        said = site.workspace.run([
            "/usr/bin/redis-benchmark", "-h", "127.0.0.1", "-p", str(endpoint.port), "-t", self.command,
            "-c", str(self.clients), "-P", str(self.pipeline), "-d", str(self.value_bytes), "-n", str(wanted),
            "--csv"])
        arrived = server.calls(self.command) - before
        if arrived < wanted:
            raise Failure(f"{arrived} of {wanted} {self.command} commands reached the server: {said[-300:]}")
        rows = [row for row in csv.DictReader(io.StringIO(_csv(said))) if row["test"].lower() == self.command]
        if len(rows) != 1:
            raise Failure(f"redis-benchmark printed no row for {self.command}: {said[-300:]}")
        row = rows[0]
        return Done(arrived, arrived / float(row["rps"]),
                    float(row["p50_latency_ms"]) * 1000, float(row["p99_latency_ms"]) * 1000)


def _csv(said: str) -> str:
    """redis-benchmark's table without the warnings it prints where a proxy refuses CONFIG."""
    return "\n".join(line for line in said.splitlines() if line.startswith('"'))
