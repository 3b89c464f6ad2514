"""Fairlead: passing a wire through, or translating it for a backend behind an adapter."""

from __future__ import annotations

from collections.abc import Callable

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


def with_nothing_more() -> Peer:
    """Fairlead passing a wire through, as those below but for what each of them says."""
    return _configured(lambda wire: "")


def without_usage() -> Peer:
    """Fairlead passing a wire through without recording what applications use."""
    return _configured(lambda wire: "", "usage: { enabled: false }\n")


def with_shadow(share: str) -> Peer:
    """Fairlead that asks the same server again for a share of the traffic, so the server's CPU is that of both."""
    return _configured(lambda wire: f", shadow: {{ backend: again, share: {share}{WRITES.get(wire, '')} }}")


def with_routes() -> Peer:
    """Shared connections with a route that takes every key, commands that are denied and a limit that no load reaches."""
    return _configured(lambda wire: ', routes: [{ prefix: "key:", backend: again }], deny: [FLUSHALL, KEYS], '
                                    "rate-limit: { commands: 10000000 }", mode="shared")


def _configured(more_of_listener: Callable[[str], str], top: str = "", mode: str = "") -> Peer:
    def start_configured(site: Site, wire: str, backend: int) -> Endpoint:
        more_of_backend = f", mode: {mode}" if mode else ""
        return fairlead.serve_configured(site, wire, top + LISTENER.format(
            wire=wire, more=more_of_listener(wire), url=f"{SCHEMES[wire]}://127.0.0.1:{backend}",
            more_of_backend=more_of_backend))

    return Peer(start_configured, fairlead.version)


SHARED = """\
listeners:
  bench: {{ protocol: redis, listen: "127.0.0.1:{{port}}", backend: bench }}
backends:
  bench: {{ url: "redis://127.0.0.1:{backend}", mode: shared }}
"""
LISTENER = """\
listeners:
  bench: {{ protocol: {wire}, listen: "127.0.0.1:{{port}}", backend: bench{more} }}
backends:
  bench: {{ url: "{url}"{more_of_backend} }}
  again: {{ url: "{url}"{more_of_backend} }}
"""
#: By wire: writes that go to a shadow's candidate too, without which it would soon have nothing to compare.
WRITES = {"redis": ', writes: ["key:"]'}
SHARING = Peer(start_shared, fairlead.version)
PASSING = Peer(start, fairlead.version)
