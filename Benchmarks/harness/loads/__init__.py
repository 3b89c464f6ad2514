"""What a load is: something that asks an endpoint for work for a while and counts what was truly done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..site import Endpoint, Site


@dataclass(frozen=True)
class Done:
    """One run of a load: requests that succeeded, seconds they took, and two percentiles of their latency in µs."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class Load(Protocol):
    def prepare(self, site: Site, server: Any, seconds: float) -> None:
        """Lays out data and decides, asking the server directly, how much work a round is."""

    def run(self, site: Site, server: Any, endpoint: Endpoint, share: float = 1.0) -> Done:
        """Does that share of a round's work; raises `Failure` when any request did not succeed."""
