"""Resident memory of a process and its children, now and at its highest, from /proc/PID/status (proc(5))."""

from __future__ import annotations

import re
from pathlib import Path

from .cpu import process_tree


def resident(pid: int) -> int:
    """Bytes of memory resident now, summed over the process and its children."""
    return _sum(pid, "VmRSS")


def highest(pid: int) -> int:
    """The most bytes resident since `forget_highest`, summed over the process and its children."""
    return _sum(pid, "VmHWM")


def forget_highest(pid: int) -> None:
    """Starts the highest mark anew from what is resident now."""
    for one in process_tree(pid):
        Path(f"/proc/{one}/clear_refs").write_text("5")


def _sum(pid: int, field: str) -> int:
    total = 0
    for one in process_tree(pid):
        found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{one}/status").read_text(), re.MULTILINE)
        total += int(found[1]) * 1024 if found else 0
    return total
