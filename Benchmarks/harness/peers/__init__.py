"""The proxies that are compared, by name: what each speaks, which program it is and how it is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..site import PROTOCOLS, Endpoint, Site
from . import envoy, fairlead, haproxy, nginx, pgbouncer, twemproxy


@dataclass(frozen=True)
class Peer:
    protocols: tuple[str, ...]
    #: Starts it in front of the backend's port, speaking that protocol.
    start: Callable[[Site, str, int], Endpoint]
    #: The command that says which version it is.
    version: Callable[[Site], list]


DIRECT = "direct"
PEERS: dict[str, Peer] = {
    "fairlead": Peer(PROTOCOLS, fairlead.start, fairlead.version),
    "haproxy": Peer(PROTOCOLS, haproxy.start, haproxy.version),
    "nginx": Peer(PROTOCOLS, nginx.start, nginx.version),
    "envoy": Peer(PROTOCOLS, envoy.start, envoy.version),
    "envoy-redis": Peer(("redis",), envoy.start_redis_proxy, envoy.version),
    "twemproxy": Peer(("redis",), twemproxy.start, twemproxy.version),
    "pgbouncer": Peer(("postgres",), pgbouncer.start, pgbouncer.version),
}
TARGETS = (DIRECT, *PEERS)


def speaks(target: str, protocol: str) -> bool:
    return target == DIRECT or protocol in PEERS[target].protocols
