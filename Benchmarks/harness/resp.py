"""A few lines of a Redis client (RESP2), enough to check that a server answers and to move one large value."""

from __future__ import annotations

import socket

from .processes import Failure

CHUNK = 1 << 20


class RedisClient:
    def __init__(self, port: int, allowed: float = 60.0):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.settimeout(allowed)
        self.buffer = bytearray()

    def __enter__(self) -> "RedisClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, *words: str | bytes) -> bytes:
        """Sends one command and gives its simple, integer or bulk reply as bytes."""
        self.socket.sendall(command(*words))
        kind, rest = self._line()
        if kind == b"-":
            raise Failure(f"Redis answered {words[0]!r} with {rest.decode(errors='replace')}")
        return self._take(int(rest) + 2)[:-2] if kind == b"$" and rest != b"-1" else rest

    def set_zeros(self, key: str, length: int) -> None:
        """SETs a value of `length` zero bytes without holding it."""
        head = f"*3\r\n$3\r\nSET\r\n${len(key)}\r\n{key}\r\n${length}\r\n".encode()
        self.socket.sendall(head)
        zeros = bytes(CHUNK)
        for start in range(0, length, CHUNK):
            self.socket.sendall(zeros[: length - start])
        self.socket.sendall(b"\r\n")
        answer = self._line()
        if answer != (b"+", b"OK"):
            raise Failure(f"Redis answered SET of {length} bytes with {answer}")

    def get_length(self, key: str) -> int:
        """GETs a value, drops it and gives its length."""
        self.socket.sendall(command("GET", key))
        kind, rest = self._line()
        if kind != b"$":
            raise Failure(f"Redis answered GET with {(kind + rest).decode(errors='replace')}")
        length = int(rest)
        left = length + 2 - len(self.buffer)
        self.buffer.clear()
        room = memoryview(bytearray(CHUNK))
        while left > 0:
            got = self.socket.recv_into(room[: min(left, CHUNK)])
            if got == 0:
                raise Failure(f"the connection was closed with {left} bytes of a value to come")
            left -= got
        return length

    def _line(self) -> tuple[bytes, bytes]:
        while (end := self.buffer.find(b"\r\n")) < 0:
            self._fill()
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        return line[:1], line[1:]

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._fill()
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def _fill(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise Failure("the connection was closed before the reply was whole")
        self.buffer += data


def command(*words: str | bytes) -> bytes:
    encoded = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
