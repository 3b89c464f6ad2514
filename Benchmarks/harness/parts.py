"""The parts of the benchmark: which targets each compares, and the way that leads to each of them."""

from __future__ import annotations

from dataclasses import dataclass

from .peers import PEERS
from .peers.fairlead import through_adapter
from .peers.peer import Peer

# What a client would use without Fairlead: a server of the wire it speaks, and nothing in between.
DIRECT = "direct"
FAIRLEAD = "fairlead"
# Fairlead again, with a connection of its own for each client where the part's Fairlead shares them.
FAIRLEAD_SESSION = "fairlead-session"
# Fairlead again, without usage profiles; with a shadow of a tenth or of all of the traffic.
UNRECORDED, SHADOW, SHADOW_ALL = "fairlead-unrecorded", "fairlead-shadow", "fairlead-shadow-all"
# Fairlead with shared connections, and the same with routes, denials and a limit.
SHARING, ROUTES = "fairlead-shared", "fairlead-routes"
# Fairlead again, with the same protocol's adapter written in Swift.
FAIRLEAD_SWIFT = "fairlead-swift"
# memcached, asked by clients that speak its own protocol: in its old commands and in its meta commands.
MEMCACHED, MEMCACHED_META = "memcached", "memcached-meta"


@dataclass(frozen=True)
class Way:
    """How clients come to one target."""

    #: The server at its end, by its name in `SERVERS`.
    server: str
    #: What the clients speak.
    wire: str
    #: What stands between them and the server.
    peer: Peer | None = None
    #: Whether the server itself is compared: then the cost of a request is the server's, and no other way leads to it.
    is_compared: bool = False


def _passing(wire: str, *names: str) -> dict[str, Way]:
    """The server of a wire, and these peers that pass the wire through to it."""
    return {DIRECT: Way(wire, wire)} | {name: Way(wire, wire, PEERS[name]) for name in names}


def _features(wire: str, *names: str) -> dict[str, Way]:
    """The same, with a Fairlead that is configured as those are, but for the feature of each."""
    ways = _passing(wire, FAIRLEAD, *names)
    return ways | {FAIRLEAD: Way(wire, wire, PEERS["fairlead-configured"])}


#: By part: its targets. The first that speaks a wire is the one at which that wire's loads are planned.
PARTS: dict[str, dict[str, Way]] = {
    "redis": _passing("redis", FAIRLEAD, "haproxy", "nginx", "envoy", "envoy-redis", "twemproxy"),
    "postgres": _passing("postgres", FAIRLEAD, "haproxy", "nginx", "envoy", "pgbouncer"),
    "s3": _passing("s3", FAIRLEAD, "haproxy", "nginx", "envoy"),
    "features-redis": _features("redis", UNRECORDED, SHADOW, SHADOW_ALL, SHARING, ROUTES),
    "features-postgres": _features("postgres", UNRECORDED, SHADOW, SHADOW_ALL),
    "features-s3": _features("s3", UNRECORDED, SHADOW, SHADOW_ALL),
    "shared": {
        DIRECT: Way("redis", "redis"),
        FAIRLEAD: Way("redis", "redis", PEERS["fairlead-shared"]),
        FAIRLEAD_SESSION: Way("redis", "redis", PEERS["fairlead"]),
        **{name: Way("redis", "redis", PEERS[name]) for name in ("haproxy", "envoy-redis", "twemproxy")},
    },
    "translated": {
        DIRECT: Way("redis", "redis"),
        FAIRLEAD: Way("memcached", "redis", through_adapter("memcached")),
        FAIRLEAD_SWIFT: Way("memcached", "redis", through_adapter("memcached-swift")),
        MEMCACHED: Way("memcached", "memcached"),
        MEMCACHED_META: Way("memcached", "memcached-meta"),
        "twemproxy": Way("memcached", "memcached", PEERS["twemproxy"]),
    },
    "embedded": {
        DIRECT: Way("redis-logging", "redis", is_compared=True),
        FAIRLEAD: Way("embedded", "redis", is_compared=True),
    },
}
#: Every target that any part has, once.
TARGETS = tuple(dict.fromkeys(target for ways in PARTS.values() for target in ways))


def ways_of(part: str, targets: list[str]) -> dict[str, Way]:
    """Those of the targets that the part has; the direct way is always among them."""
    return {target: way for target, way in PARTS[part].items() if target == DIRECT or target in targets}
