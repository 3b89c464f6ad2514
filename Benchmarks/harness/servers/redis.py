"""A redis-server that keeps nothing on disk, and one that logs every write."""

from __future__ import annotations

import re
from pathlib import Path

from ..clients.redis import RedisClient
from ..processes import Failure
from ..site import Site
from .keyvalue import KeyValueServer

PROGRAM = "/usr/bin/redis-server"
# redis-server keeps 32 descriptors for itself and lowers this where the limit is below it.
MAX_CLIENTS = 20_000


class RedisServer(KeyValueServer):
    wire = "redis"
    persistence = ("--appendonly", "no")

    def __init__(self, site: Site):
        self.port = site.workspace.free_port()
        self.process = site.workspace.start("redis-server", [
            PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder(site),
            "--save", "", *self.persistence, "--maxclients", str(MAX_CLIENTS),
            "--tcp-backlog", "4096", "--loglevel", "warning"])
        site.workspace.wait_for_port(self.process, self.port)

    @staticmethod
    def version(site: Site) -> list:
        return [PROGRAM, "--version"]

    def folder(self, site: Site) -> Path:
        return site.workspace.folder_for("redis")

    def calls(self, name: str) -> int:
        with RedisClient(self.port) as client:
            said = client.ask("INFO", "commandstats").decode()
        found = re.search(rf"^cmdstat_{name}:calls=(\d+).*rejected_calls=(\d+),failed_calls=(\d+)", said, re.MULTILINE)
        if not found:
            return 0
        calls, rejected, failed = (int(number) for number in found.groups())
        if rejected or failed:
            raise Failure(f"redis-server rejected {rejected} and failed {failed} {name} commands")
        return calls


class LoggingRedisServer(RedisServer):
    """Every write is in the log file before it is answered, and on the disk within a second (Redis, "Persistence")."""

    persistence = ("--appendonly", "yes", "--appendfsync", "everysec")

    def folder(self, site: Site) -> Path:
        return site.workspace.disk_folder_for("redis")
