"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from .parts import DIRECT, PARTS, TARGETS
from .processes import DISK

REPOSITORY = Path(__file__).resolve().parents[2]
MEMORY = "memory"
CHOICES = (*PARTS, MEMORY)
EXAMPLES = """\
examples:
  Benchmarks/run                                          everything; about 80 minutes
  Benchmarks/run --quick                                  a subset, short rounds; about 5 minutes
  Benchmarks/run --only redis --targets fairlead,haproxy --rounds 9
  Benchmarks/run --only redis --rows get-64B-c50
  Benchmarks/run --only translated,embedded --rows c50
"""


@dataclass(frozen=True)
class Options:
    parts: list[str]
    targets: list[str]
    rows: list[str]
    rounds: int
    seconds: float
    pairs: int
    quick: bool
    output: Path
    tools: Path
    disk: Path
    fairlead: Path
    fairlead_options: list[str]


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs direct connections, Fairlead and its peers in alternation, and compares what each costs.")
    parser.add_argument("--quick", action="store_true", help="fewer rows and short rounds: a look, not a measurement")
    parser.add_argument("--only", type=_listed(CHOICES), default=list(CHOICES), metavar="PART,…",
                        help=f"parts to run: {','.join(CHOICES)}")
    parser.add_argument("--targets", type=_listed(TARGETS), default=list(TARGETS), metavar="TARGET,…",
                        help=f"targets to compare in each part that has them; {DIRECT} is always one: "
                             f"{','.join(TARGETS)}")
    parser.add_argument("--rows", type=lambda text: text.split(","), default=[], metavar="WORD,…",
                        help="only rows whose key holds one of these words between its dashes, such as get-64B-c50 or copy")
    parser.add_argument("--rounds", type=_whole, help="rounds of each row (default 5, quick 2)")
    parser.add_argument("--seconds", type=float,
                        help="about how long a round lasts (default 2, quick 0.5; pgbench and wrk take whole seconds)")
    parser.add_argument("--pairs", type=_whole, help="idle connections of the memory part (default 10000, quick 1000)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "Benchmarks/results/latest.json",
                        help="where the JSON goes (default Benchmarks/results/latest.json)")
    parser.add_argument("--disk", type=Path, default=DISK, metavar="FOLDER",
                        help=f"where the servers of the embedded part write, on the disk to measure (default {DISK})")
    parser.add_argument("--fairlead", type=Path, default=REPOSITORY / ".build/release/fairlead", metavar="PATH",
                        help="the fairlead to run (default .build/release/fairlead)")
    parser.add_argument("--fairlead-options", type=shlex.split, default=[], metavar="TEXT",
                        help="more options for `fairlead serve`, in one quoted text")
    given = parser.parse_args(arguments)
    quick = given.quick
    return Options(
        parts=given.only,
        targets=[target for target in TARGETS if target == DIRECT or target in given.targets],
        rows=given.rows,
        rounds=given.rounds or (2 if quick else 5),
        seconds=given.seconds or (0.5 if quick else 2.0),
        pairs=given.pairs or (1_000 if quick else 10_000),
        quick=quick,
        output=given.output.absolute(),
        tools=tools_folder(),
        disk=given.disk.absolute(),
        fairlead=given.fairlead.absolute(),
        fairlead_options=given.fairlead_options,
    )


def tools_folder() -> Path:
    return Path(os.environ.get("FAIRLEAD_TOOLS", REPOSITORY / ".tools")).absolute()


def _listed(known: tuple[str, ...]):
    def read(text: str) -> list[str]:
        words = text.split(",")
        unknown = [word for word in words if word not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return words

    return read


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
