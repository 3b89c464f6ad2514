"""What the numbers were taken on and with: they mean little without it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from .parts import PARTS, ways_of
from .servers import SERVERS
from .site import Site


def describe(site: Site, parts: list[str], targets: list[str]) -> dict:
    return {
        "taken": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "processor": _processor(), "kernel": platform.release(),
                    "load_average_at_start": os.getloadavg()[0]},
        "workers": site.workers,
        "versions": _versions(site, parts, targets),
        "disk": {"folder_is_on": _filesystem(site.workspace.disk)},
    }


def _versions(site: Site, parts: list[str], targets: list[str]) -> dict[str, str]:
    """By target, and by server where that is none itself."""
    commands = {}
    for part in PARTS:
        for target, way in (ways_of(part, targets) if part in parts else {}).items():
            if way.peer:
                commands[target] = way.peer.version(site)
            commands[f"{way.server} server"] = SERVERS[way.server].version(site)
    return {name: _version(command) for name, command in commands.items()}


def _filesystem(folder: Path) -> str:
    """The kind of file system a folder is on: that of the longest mount point above it (proc(5), mounts)."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(above, default=(0, "unknown"))[1]


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _version(command: list) -> str:
    try:
        said = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=20)
    except OSError as failure:
        return f"unknown: {failure}"
    lines = [line.strip() for line in (said.stdout + said.stderr).splitlines() if line.strip()]
    # A program that prints its own path first would put this machine's folders into the results.
    return lines[0].replace(str(command[0]), "").strip() if lines else "unknown"
