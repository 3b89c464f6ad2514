"""The programs that stand between clients and a server, by name: how each is started and asked for its version."""

from __future__ import annotations

from . import envoy, fairlead, haproxy, nginx, pgbouncer, twemproxy
from .peer import Peer

PEERS: dict[str, Peer] = {
    "fairlead": fairlead.PASSING,
    "fairlead-shared": fairlead.SHARING,
    "fairlead-configured": fairlead.with_nothing_more(),
    "fairlead-unrecorded": fairlead.without_usage(),
    "fairlead-shadow": fairlead.with_shadow("10%"),
    "fairlead-shadow-all": fairlead.with_shadow("100%"),
    "fairlead-routes": fairlead.with_routes(),
    "haproxy": Peer(haproxy.start, haproxy.version),
    "nginx": Peer(nginx.start, nginx.version),
    "envoy": Peer(envoy.start, envoy.version),
    "envoy-redis": Peer(envoy.start_redis_proxy, envoy.version),
    "twemproxy": Peer(twemproxy.start, twemproxy.version),
    "pgbouncer": Peer(pgbouncer.start, pgbouncer.version),
}
