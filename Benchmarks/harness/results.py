"""What was measured: every round of every row and target, and the medians and ratios that follow from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from .cpu import CpuTime
from .figures import median, paired_differences, paired_ratio, paired_ratios
from .loads import Done
from .rows import Row


@dataclass(frozen=True)
class Round:
    """One run of a load against one target.

    CPU times are those of the endpoint's process, absent where it has none; the server's own stand beside them.
    """

    requests: int
    per_second: float
    p50_microseconds: float
    p99_microseconds: float
    user_microseconds: float | None = None
    kernel_microseconds: float | None = None
    server_microseconds: float | None = None

    @classmethod
    def of(cls, done: Done, spent: CpuTime | None, by_server: CpuTime | None = None) -> "Round":
        def each(seconds: float | None) -> float | None:
            return None if seconds is None else seconds * 1e6 / done.requests

        return cls(done.requests, done.rate, done.p50, done.p99, each(spent and spent.user),
                   each(spent and spent.kernel), each(by_server and by_server.total))

    @property
    def cpu_microseconds(self) -> float | None:
        """CPU time for one request, user and kernel together."""
        if self.user_microseconds is None or self.kernel_microseconds is None:
            return None
        return self.user_microseconds + self.kernel_microseconds


FIGURES = ("per_second", "p50_microseconds", "p99_microseconds", "user_microseconds", "kernel_microseconds",
           "cpu_microseconds", "server_microseconds")


@dataclass(frozen=True)
class SystemCalls:
    """System calls for each request; nothing where they could not be counted, or where there is no such process."""

    endpoint: float | None = None
    server: float | None = None


@dataclass
class RowResult:
    """One row: its rounds by target, in the order they were run, and what went wrong at a target."""

    row: Row
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    #: By target, counted in its warm-up, so that counting costs no round anything.
    system_calls: dict[str, SystemCalls] = field(default_factory=dict)

    def median(self, target: str, figure: str) -> float | None:
        return median(self._values(target, figure))

    def ratio(self, target: str, other: str, figure: str) -> float | None:
        """The median over rounds of target's figure divided by other's."""
        return paired_ratio(self._values(target, figure), self._values(other, figure))

    def ratios(self, target: str, other: str, figure: str) -> list[float]:
        """Each round's figure of target divided by other's."""
        return paired_ratios(self._values(target, figure), self._values(other, figure))

    def differences(self, target: str, other: str, figure: str) -> list[float]:
        """What each round of target adds to other's."""
        return paired_differences(self._values(target, figure), self._values(other, figure))

    def as_json(self) -> dict:
        targets = {}
        for target, rounds in self.rounds.items():
            others = [other for other in self.rounds if other != target]
            targets[target] = {
                "median": {figure: self.median(target, figure) for figure in FIGURES},
                "throughput_ratio_to": {other: self.ratio(target, other, "per_second") for other in others},
                "cpu_ratio_to": {other: self.ratio(target, other, "cpu_microseconds") for other in others},
                "system_calls": asdict(self.system_calls.get(target, SystemCalls())),
                "rounds": [asdict(one) for one in rounds],
            }
        return {"key": self.row.key, "title": self.row.title, "part": self.row.part, "request": self.row.unit,
                "targets": targets, "failures": self.failures}

    def _values(self, target: str, figure: str) -> list[float]:
        values = (getattr(one, figure) for one in self.rounds.get(target, []))
        return [value for value in values if value is not None]


@dataclass
class MemoryResult:
    """Resident memory of one proxy, in bytes, by what was measured."""

    key: str
    title: str
    protocol: str
    #: By target: figures by name.
    targets: dict[str, dict[str, float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict:
        return asdict(self)
