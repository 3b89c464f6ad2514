"""curl, one large object after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..figures import percentile
from ..processes import Failure
from ..servers.s3 import BUCKET, SIZES, S3Server
from ..sigv4 import signed_headers
from ..site import Endpoint, Site
from . import Done, Load

REPORT = "%{http_code} %{size_download} %{size_upload} %{time_total}\\n"


@dataclass
class CurlLoad(Load):
    method: str
    size: str
    transfers: int

    def run(self, site: Site, server: S3Server, endpoint: Endpoint, share: float = 1.0) -> Done:
        latencies = []
        for _ in range(max(1, round(self.transfers * share))):
            latencies.append(self._transfer(site, server, endpoint) * 1e6)
        return Done(len(latencies), sum(latencies) / 1e6, percentile(latencies, 50), percentile(latencies, 99))

    def _transfer(self, site: Site, server: S3Server, endpoint: Endpoint) -> float:
        put = self.method == "PUT"
        key = f"put-{self.size}" if put else self.size
        host, path = f"127.0.0.1:{endpoint.port}", f"/{BUCKET}/{key}"
        headers = signed_headers(self.method, host, path)
        upload: list[str | Path] = ["-T", server.bodies / self.size] if put else []
        said = site.workspace.run([
            "/usr/bin/curl", "-sS", "-o", "/dev/null", "-w", REPORT,
            *(word for name, value in headers.items() for word in ("-H", f"{name}: {value}")),
            *upload, f"http://{host}{path}"])
        status, down, up, seconds = said.split()
        moved = int(up if put else down)
        if status != "200" or moved != SIZES[self.size]:
            raise Failure(f"{self.method} {path} was answered with {status} after {moved} bytes")
        if put and (server.bucket / key).stat().st_size != moved:
            raise Failure(f"the object put at {path} is not whole in the server behind")
        return float(seconds)
