"""Medians, percentiles and ratios, and how they are written."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `percent` of all values do not exceed."""
    ordered = sorted(values)
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The median of each round's ratio: rounds that lie side by side share the machine's mood of that moment."""
    return median(paired_ratios(ours, theirs))


def paired_ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [mine / other for mine, other in zip(ours, theirs) if other > 0]


def paired_differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [mine - other for mine, other in zip(ours, theirs)]


def microseconds(value: float | None) -> str:
    if value is None:
        return "-"
    if value < 100:
        return f"{value:.2f} µs"
    if value < 10_000:
        return f"{value:.0f} µs"
    if value < 10_000_000:
        return f"{value / 1e3:.1f} ms"
    return f"{value / 1e6:.2f} s"


def rate(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}×"


def size(value: float | None) -> str:
    """Bytes with a binary unit."""
    if value is None:
        return "-"
    sign, value = ("-", -value) if value < 0 else ("", value)
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value >= scale:
            return f"{sign}{value / scale:.1f} {unit}"
    return f"{sign}{value:.0f} B"
