"""A memcached with one thread a core.

Source: memcached(1) (`-t`, no more than there are cores; `-U 0`, no UDP; `-u`, which it demands of root).
"""

from __future__ import annotations

from ..clients.memcached import MemcachedClient
from ..processes import Failure
from ..site import Site
from .keyvalue import KeyValueServer

PROGRAM = "/usr/bin/memcached"
MEGABYTES = 256
MAX_CLIENTS = 4096


class MemcachedServer(KeyValueServer):
    wire = "memcached"

    def __init__(self, site: Site):
        self.port = site.workspace.free_port()
        self.process = site.workspace.start("memcached", [
            PROGRAM, "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-t", str(site.workers), "-m", str(MEGABYTES),
            "-c", str(MAX_CLIENTS), "-b", "4096", "-u", "nobody"])
        site.workspace.wait_for_port(self.process, self.port)

    @staticmethod
    def version(site: Site) -> list:
        return [PROGRAM, "-V"]

    def calls(self, name: str) -> int:
        with MemcachedClient(self.port) as client:
            counters = client.statistics()
        # A miss is no success: only what was found counts (doc/protocol.txt, "General-purpose statistics").
        counter = {"get": "get_hits", "set": "cmd_set"}[name]
        if counter not in counters:
            raise Failure(f"memcached's stats have no {counter}")
        return int(counters[counter])
