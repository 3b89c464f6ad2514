"""A few lines of a memcached client, and the bytes of its exchanges (memcached, doc/protocol.txt)."""

from __future__ import annotations

from ..processes import Failure
from .lines import LineClient

STORED = b"STORED\r\n"
META_STORED = b"HD\r\n"


class MemcachedClient(LineClient):
    def set(self, key: str, value: bytes) -> None:
        self.socket.sendall(set_request(key, value))
        if (said := self.line() + b"\r\n") != STORED:
            raise Failure(f"memcached answered set with {said!r}")

    def get(self, key: str) -> bytes:
        """The value of a key; a missing one is a failure."""
        self.socket.sendall(get_request(key))
        words = self.line().split()
        if words[:1] != [b"VALUE"]:
            raise Failure(f"memcached answered get {key} with {b' '.join(words)!r}")
        value = self.take(int(words[3]))
        if (end := self.line()) != b"END":
            raise Failure(f"memcached ended its answer to get with {end!r}")
        return value

    def statistics(self) -> dict[str, str]:
        self.socket.sendall(b"stats\r\n")
        found = {}
        while (line := self.line().decode()) != "END":
            _, name, value = line.split(" ", 2)
            found[name] = value
        return found


def get_request(key: str) -> bytes:
    return f"get {key}\r\n".encode()


def get_reply(key: str, value: bytes) -> bytes:
    """The answer to `get_request` when the key was set by `set_request`."""
    return b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key.encode(), len(value), value)


def set_request(key: str, value: bytes) -> bytes:
    return b"set %s 0 0 %d\r\n%s\r\n" % (key.encode(), len(value), value)


def meta_get_request(key: str) -> bytes:
    return f"mg {key} v\r\n".encode()


def meta_get_reply(value: bytes) -> bytes:
    return b"VA %d\r\n%s\r\n" % (len(value), value)


def meta_set_request(key: str, value: bytes) -> bytes:
    return b"ms %s %d\r\n%s\r\n" % (key.encode(), len(value), value)
