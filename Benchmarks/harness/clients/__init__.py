"""Small clients of the key-value wires, by wire: to lay out values and to check what a server holds."""

from __future__ import annotations

from ..site import Endpoint
from .memcached import MemcachedClient
from .redis import RedisClient

KeyValueClient = RedisClient | MemcachedClient
CLIENTS: dict[str, type[KeyValueClient]] = {
    "redis": RedisClient, "memcached": MemcachedClient, "memcached-meta": MemcachedClient}


def connect(endpoint: Endpoint, allowed: float = 60.0) -> KeyValueClient:
    """A client of the endpoint in the wire it speaks; it waits `allowed` seconds for each answer."""
    return CLIENTS[endpoint.wire](endpoint.port, allowed)
