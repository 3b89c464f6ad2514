"""Fairlead: passing a wire through, or translating it for a backend behind an adapter."""

from __future__ import annotations

from .. import fairlead
from ..site import Endpoint, Site
from .peer import Peer

SCHEMES = {"redis": "redis", "postgres": "postgres", "s3": "http"}


def start(site: Site, wire: str, backend: int) -> Endpoint:
    return fairlead.serve(site, wire, f"{SCHEMES[wire]}://127.0.0.1:{backend}")


def start_shared(site: Site, wire: str, backend: int) -> Endpoint:
    """Redis with one connection to the server for all clients of a worker."""
    return fairlead.serve_configured(site, wire, SHARED.format(backend=backend))


def through_adapter(adapter: str) -> Peer:
    """Fairlead in front of a server that another adapter than the wire's own speaks to."""

    def start_translating(site: Site, wire: str, backend: int) -> Endpoint:
        return fairlead.serve(site, wire, f"{adapter}+tcp://127.0.0.1:{backend}")

    return Peer(start_translating, fairlead.version)


SHARED = """\
listeners:
  bench: {{ protocol: redis, listen: "127.0.0.1:{{port}}", backend: bench }}
backends:
  bench: {{ url: "redis://127.0.0.1:{backend}", mode: shared }}
"""
SHARING = Peer(start_shared, fairlead.version)
PASSING = Peer(start, fairlead.version)
