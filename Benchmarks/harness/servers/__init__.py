"""The servers behind every proxy, and those that are compared themselves, by name."""

from __future__ import annotations

from ..site import Site
from .embedded import EmbeddedServer
from .memcached import MemcachedServer
from .postgres import PostgresServer
from .redis import LoggingRedisServer, RedisServer
from .s3 import S3Server

Server = RedisServer | MemcachedServer | EmbeddedServer | PostgresServer | S3Server
SERVERS: dict[str, type[Server]] = {
    "redis": RedisServer, "redis-logging": LoggingRedisServer, "memcached": MemcachedServer, "embedded": EmbeddedServer,
    "postgres": PostgresServer, "s3": S3Server,
}


def start_server(site: Site, name: str) -> Server:
    return SERVERS[name](site)
