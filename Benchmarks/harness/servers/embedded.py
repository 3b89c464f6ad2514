"""Fairlead's embedded store, which is its own server: keys in one folder on disk."""

from __future__ import annotations

import re
import urllib.request

from .. import fairlead
from ..processes import Failure
from ..site import Site
from .keyvalue import KeyValueServer

COUNTER = r'^fairlead_{name}_total{{[^}}]*command="{command}"[^}}]*}} (\d+)'


class EmbeddedServer(KeyValueServer):
    wire = "redis"

    def __init__(self, site: Site):
        self.admin = site.workspace.free_port()
        folder = site.workspace.disk_folder_for("embedded")
        serving = fairlead.serve(site, self.wire, f"embedded:{folder}", "--admin", f"127.0.0.1:{self.admin}")
        if serving.process is None:
            raise Failure("Fairlead was started and has no process")
        self.port, self.process = serving.port, serving.process

    @staticmethod
    def version(site: Site) -> list:
        return fairlead.version(site)

    def calls(self, name: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=10) as answer:
            page = answer.read().decode()
        if failed := counted(page, "command_failures", name):
            raise Failure(f"Fairlead failed {failed} {name} commands")
        return counted(page, "commands", name)


def counted(page: str, name: str, command: str) -> int:
    """The sum of one of Fairlead's counters over everything that has this command."""
    return sum(int(found) for found in re.findall(COUNTER.format(name=name, command=command), page, re.MULTILINE))
