"""The marks of issue 2: what passing a wire through may cost in CPU time and memory."""

from __future__ import annotations

from collections.abc import Iterator

from ..figures import microseconds, size, times
from ..parts import FAIRLEAD
from ..results import MemoryResult, RowResult
from . import sharing
from .mark import DISTANCE, MISSED, Mark, on_both_sides, verdict

ISSUE = 2
TABLE = "Fairlead's CPU for each request"

# HAProxy's user time per request on a machine for which the mark of 1.5 µs was set.
REDIS_USER_MICROSECONDS = 1.5
HAPROXY_USER_RANGE = (1.1, 2.4)
#: By key of the result: whose mark it is, and bytes for each idle client.
IDLE_BOUNDS = {"idle-pairs": (ISSUE, 32 << 10), "idle-shared": (sharing.ISSUE, sharing.IDLE_CLIENT_BYTES)}
# Memory "does not grow" when 256 times the size adds less than this: pages of the heap come and go.
GROWTH_BYTES = 4 << 20
# Where a tie misses the mark, because it says "below" and not "no higher than".
BELOW = ("envoy", "envoy-redis")
# The peers that Fairlead is held to, or compared with, by part.
PEERS = {"redis": ("haproxy", *BELOW), "postgres": ("haproxy", *BELOW, "pgbouncer"), "s3": ("nginx", *BELOW)}
USER_COLUMN = f"user ≤ {REDIS_USER_MICROSECONDS} µs"


def row_marks(result: RowResult) -> Iterator[Mark]:
    yield from _cpu_marks(result)
    yield from _user_marks(result)


def memory_marks(result: MemoryResult) -> Iterator[Mark]:
    if result.key in IDLE_BOUNDS:
        yield from _idle_marks(result, *IDLE_BOUNDS[result.key])
        return
    what = "memory does not grow with the size"
    if FAIRLEAD in result.failures:
        yield Mark(ISSUE, "", result.title, what, MISSED, "failed", f"Fairlead failed: {result.failures[FAIRLEAD]}")
    figures = result.targets.get(FAIRLEAD)
    if figures is not None:
        yield Mark(ISSUE, "", result.title, what, verdict(figures["growth"] <= GROWTH_BYTES), size(figures["growth"]),
                   f"{size(figures['peak_1MiB'])} with 1 MiB, {size(figures['peak_256MiB'])} with 256 MiB")


def _idle_marks(result: MemoryResult, issue: int, bound: int) -> Iterator[Mark]:
    what = f"at most {size(bound)} each"
    if FAIRLEAD in result.failures:
        yield Mark(issue, "", result.title, what, MISSED, "failed", f"Fairlead failed: {result.failures[FAIRLEAD]}")
    figures = result.targets.get(FAIRLEAD)
    if figures is None:
        return
    others = [f"{target} {size(other['per_pair'])}" for target, other in result.targets.items() if target != FAIRLEAD]
    yield Mark(issue, "", result.title, what, verdict(figures["per_pair"] <= bound), size(figures["per_pair"]),
               ", ".join([size(figures["per_pair"]), *others]))


def _cpu_marks(result: RowResult) -> Iterator[Mark]:
    for peer in PEERS.get(result.row.part, ()):
        if peer not in result.rounds or FAIRLEAD not in result.rounds:
            continue
        relation = "below" if peer in BELOW else "to" if peer == "pgbouncer" else "at most"
        what = f"{relation} {peer}"
        if FAIRLEAD in result.failures:
            yield Mark(ISSUE, TABLE, result.row.title, what, MISSED, "failed", result.failures[FAIRLEAD])
            continue
        ratio = result.ratio(FAIRLEAD, peer, "cpu_microseconds")
        if ratio is None:
            continue
        ratios = result.ratios(FAIRLEAD, peer, "cpu_microseconds")
        reached = [each < 1 if peer in BELOW else each <= 1 for each in (ratio, *ratios)]
        judged = peer != "pgbouncer"
        ours, theirs = (result.median(target, "cpu_microseconds") for target in (FAIRLEAD, peer))
        yield Mark(ISSUE, TABLE, result.row.title, what, verdict(reached[0]) if judged else DISTANCE, times(ratio),
                   f"{microseconds(ours)} to {microseconds(theirs)}, rounds {times(min(ratios))} to "
                   f"{times(max(ratios))}", close=judged and on_both_sides(reached[1:]))


def _user_marks(result: RowResult) -> Iterator[Mark]:
    ours, theirs = (result.median(target, "user_microseconds") for target in (FAIRLEAD, "haproxy"))
    if result.row.part != "redis" or ours is None or theirs is None or FAIRLEAD in result.failures:
        return
    # The mark holds only where HAProxy's own cost shows that the row and the machine are the ones it was set for.
    comparable = HAPROXY_USER_RANGE[0] <= theirs <= HAPROXY_USER_RANGE[1]
    yield Mark(ISSUE, TABLE, result.row.title, USER_COLUMN,
               verdict(ours <= REDIS_USER_MICROSECONDS) if comparable else DISTANCE, microseconds(ours),
               f"{microseconds(ours)} where HAProxy takes {microseconds(theirs)}"
               + ("" if comparable else ", not between 1.1 and 2.4: not comparable"))
