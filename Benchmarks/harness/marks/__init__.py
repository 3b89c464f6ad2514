"""The marks set for Fairlead, each judged from the numbers: met, missed, or a distance where it is only reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from ..report import print_table
from ..results import MemoryResult, RowResult
from . import features, passthrough, sharing, translation
from .mark import DISTANCE, MET, MISSED, Mark


def marks_of(rows: Sequence[RowResult], memory: Sequence[MemoryResult]) -> list[Mark]:
    return [
        *(mark for result in rows for mark in passthrough.row_marks(result)),
        *(mark for result in memory for mark in passthrough.memory_marks(result)),
        *(mark for result in rows for mark in translation.row_marks(result)),
        *(mark for result in rows for mark in sharing.row_marks(result)),
        *(mark for result in rows for mark in features.row_marks(result)),
    ]


def print_marks(marks: Sequence[Mark]) -> None:
    if not marks:
        print("\nNo marks: Fairlead was not among the targets, or no row was run that has one")
    for issue in dict.fromkeys(mark.issue for mark in marks):
        _print_issue(issue, [mark for mark in marks if mark.issue == issue])


def as_json(marks: Sequence[Mark]) -> list[dict]:
    return [asdict(mark) for mark in marks]


def _print_issue(issue: int, marks: Sequence[Mark]) -> None:
    print(f"\nThe marks of issue {issue}")
    for table in dict.fromkeys(mark.table for mark in marks if mark.table):
        _print_table(table, [mark for mark in marks if mark.table == table])
        print()
    for mark in marks:
        if not mark.table:
            print(f"  {mark.subject}, {mark.what}: {mark.verdict}, {mark.numbers}")
    judged = [mark for mark in marks if mark.verdict != DISTANCE]
    close = sum(mark.close for mark in judged)
    print(f"  {sum(mark.verdict == MET for mark in judged)} met, {sum(mark.verdict == MISSED for mark in judged)} missed"
          + (f"; {close} of them (~) too close to call: rounds on both sides of the mark" if close else ""))


def _print_table(heading: str, marks: Sequence[Mark]) -> None:
    columns = list(dict.fromkeys(mark.what for mark in marks))
    lines = [[heading, *columns]]
    for subject in dict.fromkeys(mark.subject for mark in marks):
        cells = {mark.what: _cell(mark) for mark in marks if mark.subject == subject}
        lines.append([subject, *(cells.get(column, "") for column in columns)])
    print_table(lines)


def _cell(mark: Mark) -> str:
    word = "" if mark.verdict == DISTANCE else f" {mark.verdict}"
    return f"{mark.brief}{word}{'~' if mark.close else ''}"
