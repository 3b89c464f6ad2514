"""The mark of issue 6: what recording usage may cost in throughput; the other features are compared, not judged."""

from __future__ import annotations

from collections.abc import Iterator

from ..figures import times
from ..parts import FAIRLEAD, ROUTES, SHADOW, SHADOW_ALL, SHARING, UNRECORDED
from ..results import RowResult
from .mark import DISTANCE, MISSED, Mark, on_both_sides, verdict

ISSUE = 6
TABLE = "Features of Fairlead beside it without them"
LEAST_RATE = 0.97


def row_marks(result: RowResult) -> Iterator[Mark]:
    if UNRECORDED not in result.rounds:
        return
    what = f"usage recorded: rate ≥ {LEAST_RATE:g}×"
    if FAIRLEAD in result.failures:
        yield Mark(ISSUE, TABLE, result.row.title, what, MISSED, "failed", result.failures[FAIRLEAD])
        return
    rate = result.ratio(FAIRLEAD, UNRECORDED, "per_second")
    if rate is not None:
        reached = [each >= LEAST_RATE for each in result.ratios(FAIRLEAD, UNRECORDED, "per_second")]
        yield Mark(ISSUE, TABLE, result.row.title, what, verdict(rate >= LEAST_RATE), times(rate),
                   _numbers(result, FAIRLEAD, UNRECORDED), close=on_both_sides([rate >= LEAST_RATE, *reached]))
    for target, other in ((SHADOW, FAIRLEAD), (SHADOW_ALL, FAIRLEAD), (ROUTES, SHARING)):
        rate = result.ratio(target, other, "per_second")
        if rate is not None:
            numbers = _numbers(result, target, other)
            yield Mark(ISSUE, TABLE, result.row.title, target, DISTANCE, numbers, numbers)


def _numbers(result: RowResult, target: str, other: str) -> str:
    """The rate and the CPU for each request, divided by the other's."""
    parts = (("rate", "per_second"), ("CPU", "cpu_microseconds"))
    return ", ".join(f"{name} {times(result.ratio(target, other, figure))}" for name, figure in parts)
