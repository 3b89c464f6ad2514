"""One mark: what Fairlead is held to at one place, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MET, MISSED, DISTANCE = "met", "MISSED", "distance"


@dataclass(frozen=True)
class Mark:
    #: The issue that set it.
    issue: int
    #: The heading of the table it is printed in; nothing for a line of its own.
    table: str
    #: The row or the memory measurement it is about.
    subject: str
    #: What Fairlead is held to there.
    what: str
    verdict: str
    #: The judged figure in brief, and everything behind it.
    brief: str
    numbers: str
    #: Rounds lie on both sides of the mark: more rounds, or a quieter machine, may turn the verdict.
    close: bool = False


def verdict(reached: bool) -> str:
    return MET if reached else MISSED


def on_both_sides(reached: Sequence[bool]) -> bool:
    """Whether some rounds reach a mark and some do not."""
    return any(reached) and not all(reached)
