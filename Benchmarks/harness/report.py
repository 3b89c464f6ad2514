"""Prints the tables, and writes everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .figures import microseconds, number, rate, size, times
from .parts import DIRECT, FAIRLEAD
from .results import MemoryResult, RowResult, SystemCalls

MEMORY_COLUMNS = {"at_start": "at start", "peak_1MiB": "peak, 1 MiB", "peak_256MiB": "peak, 256 MiB",
                  "growth": "growth", "before": "before", "after": "after", "per_pair": "for each pair",
                  "upstreams": "upstreams"}


def print_rows(results: Sequence[RowResult]) -> None:
    for result in results:
        print(f"\n{result.row.title}  (each {result.row.unit}; medians of {_rounds(result)} rounds)")
        lines = [["target", f"{result.row.unit}s/s", "to direct", "p50", "p99", "user", "kernel", "user+kernel", "calls",
                  "server's CPU", "its calls", "Fairlead's CPU to its", "Fairlead's rate to its"]]
        for target in result.rounds:
            ours = target == FAIRLEAD
            calls = result.system_calls.get(target, SystemCalls())
            lines.append([
                target,
                rate(result.median(target, "per_second")),
                times(result.ratio(target, DIRECT, "per_second")),
                microseconds(result.median(target, "p50_microseconds")),
                microseconds(result.median(target, "p99_microseconds")),
                microseconds(result.median(target, "user_microseconds")),
                microseconds(result.median(target, "kernel_microseconds")),
                microseconds(result.median(target, "cpu_microseconds")),
                number(calls.endpoint),
                microseconds(result.median(target, "server_microseconds")),
                number(calls.server),
                "" if ours else times(result.ratio(FAIRLEAD, target, "cpu_microseconds")),
                "" if ours else times(result.ratio(FAIRLEAD, target, "per_second")),
            ])
        print_table(lines)
        for target, failure in result.failures.items():
            print(f"  {target} FAILED: {failure}")


def print_memory(results: Sequence[MemoryResult]) -> None:
    for result in results:
        print(f"\nResident memory: {result.title}")
        names = [name for name in MEMORY_COLUMNS if any(name in figures for figures in result.targets.values())]
        lines = [["target", *(MEMORY_COLUMNS[name] for name in names)]]
        for target, figures in result.targets.items():
            lines.append([target, *(
                f"{figures[name]:,.0f}" if name == "upstreams" else size(figures[name]) for name in names)])
        print_table(lines)
        for target, failure in result.failures.items():
            print(f"  {target} FAILED: {failure}")


def print_table(lines: Sequence[Sequence[str]]) -> None:
    """The first line is the heading; the first column is set left, the others right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]
        print("  " + "  ".join(cells).rstrip())


def write_json(path: Path, about: dict, rows: Sequence[RowResult], memory: Sequence[MemoryResult],
               marks: Sequence[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        **about,
        "rows": [result.as_json() for result in rows],
        "memory": [result.as_json() for result in memory],
        "marks": list(marks),
    }, indent=2) + "\n")


def _rounds(result: RowResult) -> int:
    return max((len(rounds) for rounds in result.rounds.values()), default=0)
