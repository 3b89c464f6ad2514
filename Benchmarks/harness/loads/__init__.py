"""What a load is: something that asks an endpoint for work for a while and counts what was truly done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


class Load:
    """A load; what it must lay out or plan before its first run differs, and many need neither."""

    def lay_out(self, site: Site, server: Any, endpoint: Endpoint) -> None:
        """Puts in place, through the endpoint, what the requests will ask for."""

    def plan(self, site: Site, server: Any, endpoint: Endpoint, seconds: float) -> None:
        """Decides how much work a round is, for all targets alike; it may try the endpoint."""

    def run(self, site: Site, server: Any, endpoint: Endpoint, share: float = 1.0) -> Done:
        """Does that share of a round's work; raises `Failure` when any request did not succeed."""
        raise NotImplementedError
