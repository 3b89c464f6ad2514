"""wrk with keep-alive connections that GET or PUT one small object; every request is signed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..processes import Failure
from ..servers.s3 import BUCKET, S3Server
from ..sigv4 import signed_headers
from ..site import Endpoint, Site
from . import Done, Load

# So many keys that even a slow PUT is over before its key comes round again; wrk holds a request for each in memory.
PUT_KEYS = {"4KiB": 2048, "1MiB": 96}
SCRIPT = Path(__file__).with_name("s3.lua")


@dataclass
class WrkLoad(Load):
    method: str
    size: str
    clients: int
    seconds: int = 1

    def plan(self, site: Site, server: S3Server, endpoint: Endpoint, seconds: float) -> None:
        self.seconds = max(1, round(seconds))

    def run(self, site: Site, server: S3Server, endpoint: Endpoint, share: float = 1.0) -> Done:
        host = f"127.0.0.1:{endpoint.port}"
        body = server.bodies / self.size if self.method == "PUT" else "-"
        said = site.workspace.run([
            "/usr/bin/wrk", "-t", "1", "-c", str(self.clients), "-d", f"{max(1, round(self.seconds * share))}s",
            "--timeout", "10s", "-s", SCRIPT, f"http://{host}/", "--", self.method, body,
            self._signed_requests(server, host)])
        found = re.search(r"^counted (.*)$", said, re.MULTILINE)
        if not found:
            raise Failure(f"wrk printed no counters: {said[-300:]}")
        counted = json.loads(found[1])
        if counted["failed"] or not counted["requests"]:
            raise Failure(f"of wrk's {counted['requests']} requests {counted['failed']} failed: {said[-300:]}")
        return Done(counted["requests"], counted["microseconds"] / 1e6, counted["p50"], counted["p99"])

    def _signed_requests(self, server: S3Server, host: str) -> Path:
        # Two clients that PUT the same key at once would be refused by the server, so each request takes the next key.
        keys = [self.size]
        if self.method == "PUT":
            keys = [f"put-{self.size}-{number}" for number in range(PUT_KEYS[self.size])]
        lines = []
        for path in (f"/{BUCKET}/{key}" for key in keys):
            headers = signed_headers(self.method, host, path)
            lines.append("\t".join([path, *(word for pair in headers.items() for word in pair)]))
        listing = server.bodies / f"{self.method}-{self.size}.requests"
        listing.write_text("\n".join(lines) + "\n")
        return listing
