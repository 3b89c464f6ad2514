"""A few lines of a Redis client (RESP2), enough to check that a server answers and to move one large value."""

from __future__ import annotations

from ..processes import Failure
from .lines import LineClient

CHUNK = 1 << 20


class RedisClient(LineClient):
    def ask(self, *words: str | bytes) -> bytes:
        """Sends one command and gives its simple, integer or bulk reply as bytes."""
        self.socket.sendall(command(*words))
        kind, rest = self._head()
        if kind == b"-":
            raise Failure(f"Redis answered {words[0]!r} with {rest.decode(errors='replace')}")
        return self.take(int(rest)) if kind == b"$" and rest != b"-1" else rest

    def set(self, key: str, value: bytes) -> None:
        if (said := self.ask("SET", key, value)) != b"OK":
            raise Failure(f"SET was answered with {said!r}")

    def get(self, key: str) -> bytes:
        return self.ask("GET", key)

    def set_zeros(self, key: str, length: int) -> None:
        """SETs a value of `length` zero bytes without holding it."""
        head = f"*3\r\n$3\r\nSET\r\n${len(key)}\r\n{key}\r\n${length}\r\n".encode()
        self.socket.sendall(head)
        zeros = bytes(CHUNK)
        for start in range(0, length, CHUNK):
            self.socket.sendall(zeros[: length - start])
        self.socket.sendall(b"\r\n")
        answer = self._head()
        if answer != (b"+", b"OK"):
            raise Failure(f"Redis answered SET of {length} bytes with {answer}")

    def get_length(self, key: str) -> int:
        """GETs a value, drops it and gives its length."""
        self.socket.sendall(command("GET", key))
        kind, rest = self._head()
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

    def _head(self) -> tuple[bytes, bytes]:
        line = self.line()
        return line[:1], line[1:]


def command(*words: str | bytes) -> bytes:
    encoded = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
