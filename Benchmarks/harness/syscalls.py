"""Counts the system calls of processes while something runs, by perf (perf-stat(1), the tracepoint raw_syscalls:sys_enter)."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

EVENT = "raw_syscalls:sys_enter"
# perf attaches to the threads before it says anything; a count that begins a little late is short by as much.
ATTACHING_SECONDS = 0.1


class Count:
    """How many there were; nothing before the end, and where perf may not count."""

    value: int | None = None


@contextmanager
def counted(pids: Sequence[int]) -> Iterator[Count]:
    """Counts while the body runs; the processes are to have all their threads already."""
    count = Count()
    program = shutil.which("perf")
    if not program or not pids:
        yield count
        return
    with tempfile.TemporaryFile("w+") as said:
        perf = subprocess.Popen([program, "stat", "-x", ",", "-e", EVENT, "-p", ",".join(map(str, pids))],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        try:
            time.sleep(ATTACHING_SECONDS)
            yield count
        finally:
            perf.send_signal(signal.SIGINT)
            perf.wait()
        said.seek(0)
        found = re.search(rf"^(\d+),[^,]*,{re.escape(EVENT)}", said.read(), re.MULTILINE)
        count.value = int(found[1]) if found else None
