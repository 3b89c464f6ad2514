"""The marks of issue 3: what a translated wire, a declared adapter and the embedded store may cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..figures import median, microseconds, rate, times
from ..parts import DIRECT, FAIRLEAD, FAIRLEAD_SWIFT
from ..results import RowResult
from .mark import DISTANCE, MISSED, Mark, on_both_sides, verdict

ISSUE = 3
TABLE = "Fairlead in place of a Redis server"


@dataclass(frozen=True)
class Limit:
    """One figure of Fairlead's, held against another target's in each round."""

    what: str
    other: str
    figure: str
    #: Gives each round's value.
    compare: Callable[[RowResult, str, str, str], list[float]]
    reached: Callable[[float], bool]
    #: How the value, and how both targets' own figures, are written.
    written: Callable[[float | None], str]
    figure_written: Callable[[float | None], str]


# Shares are of the throughput a client would have from redis-server itself.
TRANSLATED_RATE = Limit("rate ≥ 0.7× of direct", DIRECT, "per_second", RowResult.ratios,
                        lambda share: share >= 0.7, times, rate)
TRANSLATED_P50 = Limit("p50 ≤ direct + 60 µs", DIRECT, "p50_microseconds", RowResult.differences,
                       lambda added: added <= 60, microseconds, microseconds)
DECLARED_CPU = Limit("CPU ≤ 2× of Swift's adapter", FAIRLEAD_SWIFT, "cpu_microseconds", RowResult.ratios,
                     lambda share: share <= 2, times, microseconds)
EMBEDDED_RATE = Limit("rate ≥ 0.5× of redis-server", DIRECT, "per_second", RowResult.ratios,
                      lambda share: share >= 0.5, times, rate)


def row_marks(result: RowResult) -> Iterator[Mark]:
    row = result.row
    if row.part == "embedded":
        yield from _held(result, EMBEDDED_RATE)
    if row.part == "translated":
        load = row.loads["redis"]
        if (load.command, load.clients) == ("get", 50):
            yield from _held(result, TRANSLATED_RATE)
        if (load.command, load.clients) == ("get", 1):
            # The mark is what is added to one request; a batch of sixteen is sixteen times the work, and only reported.
            yield from _held(result, TRANSLATED_P50, judged=load.pipeline == 1)
        yield from _held(result, DECLARED_CPU)


def _held(result: RowResult, limit: Limit, judged: bool = True) -> Iterator[Mark]:
    if FAIRLEAD not in result.rounds or limit.other not in result.rounds:
        return
    if FAIRLEAD in result.failures:
        yield Mark(ISSUE, TABLE, result.row.title, limit.what, MISSED, "failed", result.failures[FAIRLEAD])
        return
    values = limit.compare(result, FAIRLEAD, limit.other, limit.figure)
    middle = median(values)
    if middle is None:
        return
    ours, theirs = (limit.figure_written(result.median(target, limit.figure)) for target in (FAIRLEAD, limit.other))
    yield Mark(ISSUE, TABLE, result.row.title, limit.what, verdict(limit.reached(middle)) if judged else DISTANCE,
               limit.written(middle),
               f"{ours} to {theirs}, rounds {limit.written(min(values))} to {limit.written(max(values))}",
               close=judged and on_both_sides([limit.reached(value) for value in values]))
