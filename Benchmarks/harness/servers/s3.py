"""rclone's S3 server on a local folder: it verifies every request's signature and streams both ways."""

from __future__ import annotations

import http.client
import os
from pathlib import Path

from ..processes import Failure
from ..sigv4 import ACCESS_KEY, SECRET_KEY, signed_headers
from ..site import Endpoint, Site

BUCKET = "bench"
SIZES = {"4KiB": 4 << 10, "1MiB": 1 << 20, "256MiB": 256 << 20}


class S3Server:
    wire = "s3"

    def __init__(self, site: Site):
        self.port = site.workspace.free_port()
        data = site.workspace.folder_for("s3")
        self.bucket = data / BUCKET
        self.bucket.mkdir()
        self.bodies = site.workspace.folder_for("bodies")
        for name, length in SIZES.items():
            body = os.urandom(min(length, 1 << 20)) * max(1, length >> 20)
            (self.bodies / name).write_bytes(body)
            (self.bucket / name).write_bytes(body)
        # An ETag would be a digest of the whole object for every GET: the server's time, not the proxy's.
        self.process = site.workspace.start("rclone", [
            _program(site), "serve", "s3", "--config", "/dev/null", "--addr", f"127.0.0.1:{self.port}",
            "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--etag-hash=", "--log-level", "ERROR", data])
        site.workspace.wait_for_port(self.process, self.port)

    @staticmethod
    def version(site: Site) -> list:
        return [_program(site), "--version"]

    def check(self, endpoint: Endpoint) -> None:
        """Proves that signed requests pass unchanged: one written and read back, one with a wrong signature refused."""
        mark = os.urandom(64)
        self._expect(endpoint, "PUT", "check", 200, body=mark)
        if (self.bucket / "check").read_bytes() != mark:
            raise Failure("an object put through the endpoint is not in the server behind it")
        if self._expect(endpoint, "GET", "check", 200) != mark:
            raise Failure("an object came back changed")
        self._expect(endpoint, "GET", "check", 403, secret="wrong")

    @staticmethod
    def _expect(endpoint: Endpoint, method: str, key: str, status: int, body: bytes | None = None,
                secret: str = SECRET_KEY) -> bytes:
        host, path = f"127.0.0.1:{endpoint.port}", f"/{BUCKET}/{key}"
        connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
        try:
            connection.request(method, path, body=body, headers=signed_headers(method, host, path, secret=secret))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != status:
            raise Failure(f"{method} {path} was answered with {answer.status}, not {status}: {content[:300]!r}")
        return content


def _program(site: Site) -> Path:
    return site.packaged("bin/rclone")
