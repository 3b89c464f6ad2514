"""The real servers behind every proxy, by protocol."""

from __future__ import annotations

from ..site import Site
from .postgres import PostgresServer
from .redis import RedisServer
from .s3 import S3Server

Server = RedisServer | PostgresServer | S3Server
SERVERS: dict[str, type[Server]] = {"redis": RedisServer, "postgres": PostgresServer, "s3": S3Server}


def start_server(site: Site, protocol: str) -> Server:
    return SERVERS[protocol](site)
