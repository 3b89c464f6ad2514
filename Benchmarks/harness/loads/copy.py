"""One large result: COPY to a psql that drops it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..figures import percentile
from ..processes import Failure
from ..servers.postgres import PostgresServer
from ..site import Endpoint, Site
from . import Done, Load

# A row is this text and a newline: 1 KiB.
ROW_TEXT_BYTES = 1023


@dataclass
class CopyLoad(Load):
    mebibytes: int
    transfers: int

    def run(self, site: Site, server: PostgresServer, endpoint: Endpoint, share: float = 1.0) -> Done:
        rows = self.mebibytes * 1024
        statement = f"copy (SELECT repeat('x', {ROW_TEXT_BYTES}) FROM generate_series(1, {rows})) TO '/dev/null'"
        latencies = []
        for _ in range(max(1, round(self.transfers * share))):
            begun = time.monotonic()
            said = server.client_copy(endpoint.port, statement)
            latencies.append((time.monotonic() - begun) * 1e6)
            if said != f"COPY {rows}":
                raise Failure(f"psql said {said!r}, not 'COPY {rows}'")
        return Done(len(latencies), sum(latencies) / 1e6, percentile(latencies, 50), percentile(latencies, 99))
