"""CPU time of a process, its threads and its children, user and kernel apart, from /proc.

/proc/PID/schedstat counts nanoseconds but does not say user or kernel; /proc/PID/stat says which but counts ticks of
10 ms. So the sum comes from the first and is split as the second says (proc(5), Documentation/scheduler/sched-stats).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Positions in /proc/PID/stat after the command's closing parenthesis (proc(5), fields 4, 14 and 15).
PARENT, USER_TICKS, KERNEL_TICKS = 1, 11, 12


@dataclass(frozen=True)
class CpuTime:
    """Seconds of CPU time."""

    user: float
    kernel: float

    @property
    def total(self) -> float:
        return self.user + self.kernel


@dataclass(frozen=True)
class CpuSample:
    """What the counters of a process tree say at one moment."""

    run_nanoseconds: int
    user_ticks: int
    kernel_ticks: int

    def since(self, earlier: "CpuSample") -> CpuTime:
        user, kernel = self.user_ticks - earlier.user_ticks, self.kernel_ticks - earlier.kernel_ticks
        ticks = user + kernel
        total = (self.run_nanoseconds - earlier.run_nanoseconds) / 1e9
        if total <= 0:
            # A kernel without schedstat: ticks are all there is.
            return CpuTime(user / TICKS_PER_SECOND, kernel / TICKS_PER_SECOND)
        share = user / ticks if ticks > 0 else 0.0
        return CpuTime(total * share, total * (1 - share))


def process_tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields:
                children.setdefault(int(fields[PARENT]), []).append(int(entry))
    tree, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        tree.append(one)
        waiting += children.get(one, [])
    return tree


def sample(pids: list[int]) -> CpuSample:
    """Adds up the counters of these processes over all their threads."""
    run = user = kernel = 0
    for pid in pids:
        fields = _stat(pid)
        if fields:
            user += int(fields[USER_TICKS])
            kernel += int(fields[KERNEL_TICKS])
        for thread in _threads(pid):
            try:
                run += int((thread / "schedstat").read_text().split()[0])
            except OSError:
                continue
    return CpuSample(run, user, kernel)


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _stat(pid: int) -> list[str]:
    try:
        # The command may hold spaces and parentheses, so count from its last one.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
