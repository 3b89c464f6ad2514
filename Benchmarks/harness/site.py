"""What every part of a run shares: the workspace, where the tools are, how many workers a proxy gets."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from .processes import Failure, Process, Workspace

PROTOCOLS = ("redis", "postgres", "s3")


@dataclass
class Site:
    workspace: Workspace
    tools: Path
    fairlead: Path
    fairlead_options: list[str] = field(default_factory=list)
    workers: int = os.cpu_count() or 1
    #: Descriptors a process may open.
    descriptors: int = 1024

    @property
    def connections(self) -> int:
        """How many clients a proxy may be told to serve: each takes two descriptors, and a proxy needs some itself."""
        return (self.descriptors - 256) // 2

    @property
    def idle_pairs(self) -> int:
        """How many idle pairs can be opened with some to spare below `connections`."""
        return (self.descriptors - 512) // 2

    def packaged(self, pattern: str) -> Path:
        """A program that a PyPI package brought, by its place in the virtual environment."""
        found = sorted((self.tools / "bench").glob(pattern))
        if not found:
            raise Failure(f"{pattern} is not in {self.tools / 'bench'}; run Benchmarks/install")
        return found[0]

    @property
    def postgres_programs(self) -> Path:
        """The newest PostgreSQL's own folder: Debian's wrappers in /usr/bin would start Perl for every call."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
        if not found:
            raise Failure("no PostgreSQL server in /usr/lib/postgresql; run Benchmarks/install")
        return found[-1].parent


@dataclass(frozen=True)
class Endpoint:
    """Where a load connects, and the proxy that answers there; none when that is the backend itself."""

    port: int
    process: Process | None = None
