"""Every process the benchmark starts: in one temporary folder, on free loopback ports, ended with the benchmark."""

from __future__ import annotations

import ctypes
import os
import pwd
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

# Ports below the kernel's ephemeral range, so that thousands of outgoing connections cannot take one of them.
FIRST_PORT, LAST_PORT = 20_000, 32_000
# 10,000 pairs are 20,000 descriptors in a proxy, and HAProxy keeps some in reserve.
DESCRIPTORS = 65_536
SHARED_MEMORY = Path("/dev/shm")
# /tmp may be memory; what is here outlives a restart, so it is on a disk (Filesystem Hierarchy Standard 3.0, 5.15).
DISK = Path("/var/tmp")
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something the benchmark relies on did not happen; the text says what and, where it is known, the remedy."""


class Process:
    """A server of ours: its id, its log and how it is stopped."""

    def __init__(self, name: str, popen: subprocess.Popen, log: Path, stop_signal: int):
        self.name, self.popen, self.log, self.stop_signal = name, popen, log, stop_signal

    @property
    def pid(self) -> int:
        return self.popen.pid

    def alive(self) -> bool:
        return self.popen.poll() is None

    def log_tail(self, lines: int = 8) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        if self.alive():
            self.popen.send_signal(self.stop_signal)

    def stop(self, patience: float = 5.0) -> None:
        self.ask_to_stop()
        try:
            self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        # What is left of its session: a master that was killed leaves its workers.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


class Workspace:
    """The temporary folders and the processes of one run; leaving it ends the processes and removes the folders."""

    def __init__(self, disk: Path = DISK) -> None:
        self.disk = disk
        self._on_disk: Path | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="fairlead-bench-", dir=_roomy_folder()))
        self.folder.chmod(0o755)
        self.processes: list[Process] = []
        #: The servers without which a command that runs now cannot come to its end.
        self.needed: list[Process] = []
        self._ports_given: set[int] = set()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self.processes:
            process.ask_to_stop()
        for process in reversed(self.processes):
            process.stop()
        for folder in filter(None, (self.folder, self._on_disk)):
            shutil.rmtree(folder, ignore_errors=True)

    def folder_for(self, name: str, owner: str | None = None) -> Path:
        path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        path.chmod(0o755)
        if owner:
            shutil.chown(path, owner)
        return path

    def disk_folder_for(self, name: str) -> Path:
        """A folder for a server whose writes to a disk are a part of what is measured."""
        if self._on_disk is None:
            try:
                self._on_disk = Path(tempfile.mkdtemp(prefix="fairlead-bench-", dir=self.disk))
            except OSError as cause:
                raise Failure(f"no folder can be made in {self.disk}: {cause.strerror}; "
                              "name another with --disk") from None
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._on_disk))

    def free_port(self) -> int:
        for _ in range(1000):
            port = random.randrange(FIRST_PORT, LAST_PORT)
            if port in self._ports_given:
                continue
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            self._ports_given.add(port)
            return port
        raise Failure(f"no free port between {FIRST_PORT} and {LAST_PORT}")

    def start(
        self, name: str, argv: list[str | Path], user: str | None = None, stop_signal: int = signal.SIGTERM
    ) -> Process:
        handle, log = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=self.folder)
        with open(handle, "wb") as output:
            popen = self._popen(argv, stop_signal, user=user, stdout=output, stderr=subprocess.STDOUT)
        process = Process(name, popen, Path(log), stop_signal)
        self.processes.append(process)
        return process

    def stop(self, process: Process) -> None:
        process.stop()
        self.processes.remove(process)

    def run(self, argv: list[str | Path], user: str | None = None, env: dict[str, str] | None = None,
            allowed: float = 180.0, given: bytes | None = None) -> str:
        """Runs a command to its end and gives its standard output; an exit code that is not 0 is a failure.

        So is the end of a server meanwhile: redis-benchmark would try to connect for ever. What is `given` is the
        command's standard input.
        """
        with tempfile.TemporaryFile(dir=self.folder) as standard_input:
            standard_input.write(given or b"")
            standard_input.seek(0)
            popen = self._popen(argv, signal.SIGKILL, user=user, env=env, stdin=standard_input,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + allowed
        output = errors = None
        try:
            while output is None:
                try:
                    output, errors = popen.communicate(timeout=0.5)
                except subprocess.TimeoutExpired:
                    self._still_worth_waiting(Path(argv[0]).name, deadline)
        finally:
            if popen.poll() is None:
                os.killpg(popen.pid, signal.SIGKILL)
                popen.wait()
        if popen.returncode != 0:
            said = "\n".join((errors + output).strip().splitlines()[-8:])
            raise Failure(f"{Path(argv[0]).name} ended with {popen.returncode}: {said}")
        return output

    def _still_worth_waiting(self, name: str, deadline: float) -> None:
        for process in self.needed:
            if not process.alive():
                raise Failure(f"{process.name} ended with {process.popen.returncode} while {name} used it:\n"
                              f"{process.log_tail()}".rstrip())
        if time.monotonic() > deadline:
            raise Failure(f"{name} did not end in time: is something not answering?")

    def wait_for_port(self, process: Process, port: int, allowed: float = 20.0) -> None:
        deadline = time.monotonic() + allowed
        while time.monotonic() < deadline:
            if not process.alive():
                raise Failure(f"{process.name} ended with {process.popen.returncode} at start:\n{process.log_tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failure(f"{process.name} did not listen on 127.0.0.1:{port} within {allowed:.0f} s:\n{process.log_tail()}")

    @staticmethod
    def _popen(argv: list[str | Path], orphan_signal: int, user: str | None = None, env: dict[str, str] | None = None,
               **streams: Any) -> subprocess.Popen:
        def end_with_parent() -> None:
            # Should the harness itself be killed, the kernel asks what it started to stop, and a master its workers.
            _libc.prctl(PR_SET_PDEATHSIG, orphan_signal)

        as_user: dict[str, Any] = {}
        if user and os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        try:
            return subprocess.Popen(
                [str(word) for word in argv], env={**os.environ, **(env or {})}, start_new_session=True,
                preexec_fn=end_with_parent, cwd="/", **{"stdin": subprocess.DEVNULL, **as_user, **streams})
        except FileNotFoundError:
            raise Failure(f"{argv[0]} is not installed; Benchmarks/install puts it there") from None


def raise_descriptor_limit() -> int:
    """Lets this process and its children open many descriptors; gives how many it got."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, max(hard, DESCRIPTORS)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def stop_on_signals() -> None:
    """A request to end, from a terminal or a service manager, ends the run the way Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def _roomy_folder() -> Path | None:
    """Memory instead of a disk where there is room, so that a disk's pace is not what is measured."""
    try:
        return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > 4 << 30 else None
    except OSError:
        return None
