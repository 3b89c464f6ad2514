"""The marks of issue 2, each judged from the numbers: met, missed, or a distance where it is only to be reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from .figures import microseconds, size, times
from .report import FAIRLEAD, print_table
from .results import MemoryResult, RowResult

MET, MISSED, DISTANCE = "met", "MISSED", "distance"

# HAProxy's user time per request on a machine for which the mark of 1.5 µs was set.
REDIS_USER_MICROSECONDS = 1.5
HAPROXY_USER_RANGE = (1.1, 2.4)
IDLE_PAIR_BYTES = 32 << 10
# Memory "does not grow" when 256 times the size adds less than this: pages of the heap come and go.
GROWTH_BYTES = 4 << 20
# Where a tie misses the mark, because it says "below" and not "no higher than".
BELOW = ("envoy", "envoy-redis")
USER_COLUMN = f"user ≤ {REDIS_USER_MICROSECONDS} µs"


@dataclass(frozen=True)
class Mark:
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


def marks_of(rows: Sequence[RowResult], memory: Sequence[MemoryResult]) -> list[Mark]:
    return [mark for result in rows for mark in (*_cpu_marks(result), *_user_marks(result))] + [
        mark for result in memory for mark in _memory_marks(result)]


def print_marks(marks: Sequence[Mark], memory: Sequence[MemoryResult]) -> None:
    print("\nThe marks of issue 2")
    if not marks:
        print("  none measured: Fairlead was not among the targets, or no row was run")
        return
    of_memory = {result.title for result in memory}
    in_rows = [mark for mark in marks if mark.subject not in of_memory]
    if in_rows:
        columns = list(dict.fromkeys(mark.what for mark in in_rows))
        lines = [["Fairlead's CPU for each request", *columns]]
        for subject in dict.fromkeys(mark.subject for mark in in_rows):
            cells = {mark.what: _cell(mark) for mark in in_rows if mark.subject == subject}
            lines.append([subject, *(cells.get(column, "") for column in columns)])
        print_table(lines)
        print()
    for mark in marks:
        if mark.subject in of_memory:
            print(f"  {mark.subject}, {mark.what}: {mark.verdict}, {mark.numbers}")
    judged = [mark for mark in marks if mark.verdict != DISTANCE]
    close = sum(mark.close for mark in judged)
    print(f"  {sum(mark.verdict == MET for mark in judged)} met, {sum(mark.verdict == MISSED for mark in judged)} missed"
          + (f"; {close} of them (~) too close to call: rounds on both sides of the mark" if close else ""))


def as_json(marks: Sequence[Mark]) -> list[dict]:
    return [asdict(mark) for mark in marks]


def _cell(mark: Mark) -> str:
    word = "" if mark.verdict == DISTANCE else f" {mark.verdict}"
    return f"{mark.brief}{word}{'~' if mark.close else ''}"


def _cpu_marks(result: RowResult) -> Iterator[Mark]:
    protocol = result.row.protocol
    for peer in ("nginx" if protocol == "s3" else "haproxy", *BELOW, "pgbouncer"):
        if peer not in result.rounds or FAIRLEAD not in result.rounds:
            continue
        relation = "below" if peer in BELOW else "to" if peer == "pgbouncer" else "at most"
        what = f"{relation} {peer}"
        if FAIRLEAD in result.failures:
            yield Mark(result.row.title, what, MISSED, "failed", result.failures[FAIRLEAD])
            continue
        ratio = result.ratio(FAIRLEAD, peer, "cpu_microseconds")
        if ratio is None:
            continue
        low, high = result.ratio_range(FAIRLEAD, peer, "cpu_microseconds")
        reached = ratio < 1 if peer in BELOW else ratio <= 1
        verdict = DISTANCE if peer == "pgbouncer" else MET if reached else MISSED
        ours, theirs = (result.median(target, "cpu_microseconds") for target in (FAIRLEAD, peer))
        yield Mark(result.row.title, what, verdict, times(ratio),
                   f"{microseconds(ours)} to {microseconds(theirs)}, rounds {times(low)} to {times(high)}",
                   close=verdict != DISTANCE and low <= 1 < high)


def _user_marks(result: RowResult) -> Iterator[Mark]:
    ours, theirs = (result.median(target, "user_microseconds") for target in (FAIRLEAD, "haproxy"))
    if result.row.protocol != "redis" or ours is None or theirs is None or FAIRLEAD in result.failures:
        return
    # The mark holds only where HAProxy's own cost shows that the row and the machine are the ones it was set for.
    comparable = HAPROXY_USER_RANGE[0] <= theirs <= HAPROXY_USER_RANGE[1]
    verdict = DISTANCE if not comparable else MET if ours <= REDIS_USER_MICROSECONDS else MISSED
    yield Mark(result.row.title, USER_COLUMN, verdict, microseconds(ours),
               f"{microseconds(ours)} where HAProxy takes {microseconds(theirs)}"
               + ("" if comparable else ", not between 1.1 and 2.4: not comparable"))


def _memory_marks(result: MemoryResult) -> Iterator[Mark]:
    idle = result.key == "idle-pairs"
    what = f"at most {size(IDLE_PAIR_BYTES)} for each pair" if idle else "memory does not grow with the size"
    if FAIRLEAD in result.failures:
        yield Mark(result.title, what, MISSED, "failed", f"Fairlead failed: {result.failures[FAIRLEAD]}")
    figures = result.targets.get(FAIRLEAD)
    if figures is None:
        return
    if idle:
        others = [f"{target} {size(other['per_pair'])}" for target, other in result.targets.items()
                  if target != FAIRLEAD]
        yield Mark(result.title, what, MET if figures["per_pair"] <= IDLE_PAIR_BYTES else MISSED,
                   size(figures["per_pair"]), ", ".join([size(figures["per_pair"]), *others]))
    else:
        yield Mark(result.title, what, MET if figures["growth"] <= GROWTH_BYTES else MISSED, size(figures["growth"]),
                   f"{size(figures['peak_1MiB'])} with 1 MiB, {size(figures['peak_256MiB'])} with 256 MiB")
