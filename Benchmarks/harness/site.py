"""What every part of a run shares: the workspace, where the tools are, how many workers a proxy gets."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from .processes import Failure, Process, Workspace

COMPILER_FLAGS = ("-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror")

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

    def idle_clients(self, each: int) -> int:
        """How many idle clients a proxy that takes `each` descriptors for one can have, with some to spare."""
        return (self.descriptors - 512) // each

    def packaged(self, pattern: str) -> Path:
        """A program that a PyPI package brought, by its place in the virtual environment."""
        found = sorted((self.tools / "bench").glob(pattern))
        if not found:
            raise Failure(f"{pattern} is not in {self.tools / 'bench'}; run Benchmarks/install")
        return found[0]

    def compiled(self, source: Path) -> Path:
        """The program that a C file of the harness makes; it is compiled when the file is new or was changed."""
        digest = hashlib.sha256(source.read_bytes()).hexdigest()[:12]
        program = self.tools / "bench" / "compiled" / f"{source.stem}-{digest}"
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            making = program.with_suffix(f".{os.getpid()}")
            self.workspace.run(["/usr/bin/cc", *COMPILER_FLAGS, "-o", making, source])
            making.rename(program)
        return program

    @property
    def postgres_programs(self) -> Path:
        """The newest PostgreSQL's own folder: Debian's wrappers in /usr/bin would start Perl for every call."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
        if not found:
            raise Failure("no PostgreSQL server in /usr/lib/postgresql; run Benchmarks/install")
        return found[-1].parent


@dataclass(frozen=True)
class Endpoint:
    """Where a load connects, what is spoken there, and the process whose cost is measured; none where none is."""

    wire: str
    port: int
    process: Process | None = None
