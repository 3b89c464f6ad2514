"""The marks of issue 5: what sharing connections to a Redis server is worth, beside proxies that do it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..figures import median, microseconds, rate, times
from ..parts import DIRECT, FAIRLEAD
from ..results import RowResult
from .mark import MISSED, Mark, on_both_sides, verdict

ISSUE = 5
TABLE = "Fairlead with shared connections"
USER_MICROSECONDS = 0.8
IDLE_CLIENT_BYTES = 8 << 10


@dataclass(frozen=True)
class Limit:
    """One figure held against another target's in each round."""

    other: str
    figure: str
    bound: float
    is_least: bool

    @property
    def what(self) -> str:
        name = "rate" if self.figure == "per_second" else "CPU"
        return f"{name} {'≥' if self.is_least else '≤'} {self.bound:g}× {self.other}"

    def reached(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound


def _rate(other: str, least: float) -> Limit:
    return Limit(other, "per_second", least, True)


def _cpu(other: str, most: float) -> Limit:
    return Limit(other, "cpu_microseconds", most, False)


#: By size in bytes, clients and pipeline; they hold for every command of that shape.
LIMITS: dict[tuple[int, int, int], tuple[Limit, ...]] = {
    (64, 50, 1): (_rate(DIRECT, 1), _rate("twemproxy", 1), _cpu("twemproxy", 0.85), _cpu("envoy-redis", 0.65),
                  _cpu("haproxy", 0.6)),
    (64, 50, 16): (_rate(DIRECT, 0.85), _rate("twemproxy", 2.5), _rate("envoy-redis", 1.8)),
    (64, 500, 1): (_rate(DIRECT, 1),),
    (64 << 10, 50, 1): (_rate("haproxy", 1.2), _rate("twemproxy", 1.2)),
}
#: MGET of ten and the mix are measured beside the marks, which speak of one value.
JUDGED = ("get", "set")


def row_marks(result: RowResult) -> Iterator[Mark]:
    row = result.row
    if row.part != "shared":
        return
    load = row.loads["redis"]
    if load.command not in JUDGED or FAIRLEAD not in result.rounds:
        return
    shape = (load.value_bytes, load.clients, load.pipeline)
    for limit in LIMITS.get(shape, ()):
        yield from _judged(result, limit.what, result.ratios(FAIRLEAD, limit.other, limit.figure), limit.reached, times,
                           limit.other, limit.figure)
    if shape == (64, 50, 1):
        values = [one.user_microseconds for one in result.rounds[FAIRLEAD] if one.user_microseconds is not None]
        yield from _judged(result, f"user ≤ {USER_MICROSECONDS} µs", values, lambda user: user <= USER_MICROSECONDS,
                           microseconds, FAIRLEAD, "user_microseconds")
    if shape == (64, 1, 1):
        ours, theirs = (result.differences(target, DIRECT, "p50_microseconds") for target in (FAIRLEAD, "haproxy"))
        yield from _judged(result, "added p50 ≤ haproxy's", [one - other for one, other in zip(ours, theirs)],
                           lambda more: more <= 0, microseconds, "haproxy", "p50_microseconds")


def _judged(
    result: RowResult, what: str, values: list[float], reached: Callable[[float], bool],
    written: Callable[[float | None], str], other: str, figure: str
) -> Iterator[Mark]:
    if FAIRLEAD in result.failures:
        yield Mark(ISSUE, TABLE, result.row.title, what, MISSED, "failed", result.failures[FAIRLEAD])
        return
    middle = median(values)
    if middle is None:
        return
    as_figure = rate if figure == "per_second" else microseconds
    ours, theirs = (as_figure(result.median(target, figure)) for target in (FAIRLEAD, other))
    yield Mark(ISSUE, TABLE, result.row.title, what, verdict(reached(middle)), written(middle),
               f"{ours} to {theirs}, rounds {written(min(values))} to {written(max(values))}",
               close=on_both_sides([reached(value) for value in values]))
