"""pgbench's select-only script; its log of every transaction gives the percentiles."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ..figures import percentile
from ..processes import Failure
from ..servers.postgres import CLIENT_ENVIRONMENT, PostgresServer
from ..site import Endpoint, Site
from . import Done, Load

# Position of a transaction's latency in a line of the log (pgbench, "Per-Transaction Logging").
LATENCY = 2


@dataclass
class PgbenchLoad(Load):
    clients: int
    mode: str
    seconds: int = 1

    def plan(self, site: Site, server: PostgresServer, endpoint: Endpoint, seconds: float) -> None:
        self.seconds = max(1, round(seconds))

    def run(self, site: Site, server: PostgresServer, endpoint: Endpoint, share: float = 1.0) -> Done:
        logs = site.workspace.folder_for("pgbench")
        said = site.workspace.run([
            site.postgres_programs / "pgbench", "-n", "-S", "-M", self.mode, "-c", str(self.clients),
            "-j", str(min(self.clients, os.cpu_count() or 1)), "-T", str(max(1, round(self.seconds * share))),
            "-p", str(endpoint.port), "-l", f"--log-prefix={logs / 'log'}"],
            env=CLIENT_ENVIRONMENT)
        done = int(_number(r"number of transactions actually processed: (\d+)", said))
        failed = int(_number(r"number of failed transactions: (\d+)", said))
        if failed or not done:
            raise Failure(f"pgbench processed {done} transactions and failed {failed}")
        latencies = []
        for log in logs.iterdir():
            with open(log) as lines:
                latencies += [int(line.split()[LATENCY]) for line in lines]
            log.unlink()
        return Done(done, done / _number(r"tps = ([\d.]+)", said), percentile(latencies, 50), percentile(latencies, 99))


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    if not found:
        raise Failure(f"pgbench did not say {pattern!r}: {said[-300:]}")
    return float(found[1])
