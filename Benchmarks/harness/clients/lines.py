"""What the clients share: a connection that is read by lines and by counted bytes."""

from __future__ import annotations

import socket
from typing import Self

from ..processes import Failure


class LineClient:
    def __init__(self, port: int, allowed: float = 60.0):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.settimeout(allowed)
        self.buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def line(self) -> bytes:
        """The next line without its CR LF."""
        while (end := self.buffer.find(b"\r\n")) < 0:
            self._fill()
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line

    def take(self, count: int) -> bytes:
        """That many bytes, and the CR LF that ends them dropped."""
        while len(self.buffer) < count + 2:
            self._fill()
        taken = bytes(self.buffer[:count])
        del self.buffer[: count + 2]
        return taken

    def _fill(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise Failure("the connection was closed before the reply was whole")
        self.buffer += data
