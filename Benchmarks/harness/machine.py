"""What the numbers were taken on and with: they mean little without it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from .peers import DIRECT, PEERS
from .site import Site


def describe(site: Site, targets: list[str]) -> dict:
    return {
        "taken": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "processor": _processor(), "kernel": platform.release(),
                    "load_average_at_start": os.getloadavg()[0]},
        "workers": site.workers,
        "versions": {target: _version(PEERS[target].version(site)) for target in targets if target != DIRECT},
    }


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
