"""Envoy: tcp_proxy for Redis and PostgreSQL, the HTTP connection manager for S3, and redis_proxy for Redis.

Source: Envoy's documentation: `--concurrency`, "Configuring Envoy as an edge proxy" (32 KiB of buffer a connection),
"Redis proxy", "How do I configure timeouts?" (no route time-out where bodies stream), "Circuit breaking" (limits that
the idle connections of this benchmark would meet).
"""

from __future__ import annotations

import json

from ..site import Endpoint, Site

TYPES = "type.googleapis.com/envoy.extensions"
BUFFER_BYTES = 32_768


def start(site: Site, wire: str, backend: int) -> Endpoint:
    return _start(site, wire, _http_filter() if wire == "s3" else _tcp_filter(), backend)


def start_redis_proxy(site: Site, wire: str, backend: int) -> Endpoint:
    return _start(site, wire, _redis_filter(), backend)


def version(site: Site) -> list:
    return [_program(site), "--version"]


def _program(site: Site):
    return site.packaged("lib/python3*/site-packages/envoy/_bin/envoy")


def _start(site: Site, wire: str, network_filter: dict, backend: int) -> Endpoint:
    port = site.workspace.free_port()
    configuration = site.workspace.folder_for("envoy") / "envoy.json"
    configuration.write_text(json.dumps(_bootstrap(network_filter, port, backend), indent=2))
    process = site.workspace.start("envoy", [
        _program(site), "-c", configuration, "--concurrency", str(site.workers), "--disable-hot-restart",
        "--log-level", "error"])
    site.workspace.wait_for_port(process, port)
    return Endpoint(wire, port, process)


def _bootstrap(network_filter: dict, port: int, backend: int) -> dict:
    return {"static_resources": {
        "listeners": [{
            "name": "bench",
            "address": _address(port),
            "per_connection_buffer_limit_bytes": BUFFER_BYTES,
            "filter_chains": [{"filters": [network_filter]}],
        }],
        "clusters": [{
            "name": "backend",
            "type": "STATIC",
            "connect_timeout": "5s",
            "per_connection_buffer_limit_bytes": BUFFER_BYTES,
            "circuit_breakers": {"thresholds": [{
                "max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000}]},
            "load_assignment": {"cluster_name": "backend", "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": _address(backend)}}]}]},
        }],
    }}


def _address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _tcp_filter() -> dict:
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": {
        "@type": f"{TYPES}.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "bench", "cluster": "backend"}}


def _redis_filter() -> dict:
    return {"name": "envoy.filters.network.redis_proxy", "typed_config": {
        "@type": f"{TYPES}.filters.network.redis_proxy.v3.RedisProxy", "stat_prefix": "bench",
        "settings": {"op_timeout": "60s"},
        "prefix_routes": {"catch_all_route": {"cluster": "backend"}}}}


def _http_filter() -> dict:
    router = {"name": "envoy.filters.http.router",
              "typed_config": {"@type": f"{TYPES}.filters.http.router.v3.Router"}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "backend", "timeout": "0s"}}
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "http_filters": [router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]}}}
