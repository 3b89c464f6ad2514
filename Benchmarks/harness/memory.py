"""The memory part: what stays resident while something large passes, and for each idle pair of connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .alternation import start_checked
from .clients.redis import RedisClient, command
from .loads.curl import CurlLoad
from .parts import DIRECT, PARTS
from .processes import Failure, Process
from .progress import say, step
from .resident import forget_highest, highest, resident
from .results import MemoryResult
from .servers import Server, start_server
from .site import Endpoint, Site

SMALL, LARGE = 1 << 20, 256 << 20
IDLE_PAIRS = 10_000
#: Idle connections by part: which proxies, and how many descriptors each takes of one, without and with shared connections.
IDLE: tuple[tuple[str, str, str, tuple[str, ...], int], ...] = (
    ("idle-pairs", "idle Redis connections", "redis", ("fairlead", "haproxy", "nginx"), 2),
    ("idle-shared", "idle clients of shared Redis connections", "shared", ("fairlead", "twemproxy"), 1),
)

Passage = Callable[[Site, Any, Endpoint, int], None]


def measure_memory(site: Site, targets: list[str], pairs: int, results: list[MemoryResult]) -> None:
    for key, title, protocol, passage in PASSAGES:
        result = MemoryResult(key, title, protocol)
        results.append(result)
        server = start_server(site, protocol)
        try:
            _each(result, targets, lambda target: _passing(site, server, target, passage))
        finally:
            site.workspace.stop(server.process)
    for key, title, part, proxies, each in IDLE:
        processes = -(-pairs // site.idle_clients(each))
        if processes > 1:
            say(f"memory: {site.descriptors:,} descriptors a process allow {site.idle_clients(each):,} of {pairs:,} {title}, "
                f"so each proxy runs as {processes} processes that share them")
        result = MemoryResult(key, f"{pairs:,} {title}", part)
        results.append(result)
        _each(result, [target for target in targets if target in proxies],
              lambda target, part=part, processes=processes: _idle(site, part, target, pairs, processes))


def _each(result: MemoryResult, targets: list[str], measure: Callable[[str], dict[str, float]]) -> None:
    for target in targets:
        if target == DIRECT or target not in PARTS[result.protocol]:
            continue
        step(f"memory, {result.title}: {target}")
        try:
            result.targets[target] = measure(target)
        except (Failure, OSError) as failure:
            result.failures[target] = str(failure)
            say(f"memory, {result.title}: {target} failed: {failure}")
    say(f"memory, {result.title}: done")


def _passing(site: Site, server: Server, target: str, passage: Passage) -> dict[str, float]:
    """The highest mark of a fresh proxy while 1 MiB passes each way, then while 256 MiB does."""
    endpoint = start_checked(site, target, PARTS[server.wire][target], server)
    process = _process(endpoint)
    site.workspace.needed = [server.process, process]
    try:
        start = resident(process.pid)
        peaks = {}
        for length in (SMALL, LARGE):
            forget_highest(process.pid)
            passage(site, server, endpoint, length)
            peaks[length] = highest(process.pid)
    finally:
        site.workspace.needed = []
        site.workspace.stop(process)
    return {"at_start": start, "peak_1MiB": peaks[SMALL], "peak_256MiB": peaks[LARGE],
            "growth": peaks[LARGE] - peaks[SMALL]}


def _redis_value(site: Site, server: Any, endpoint: Endpoint, length: int) -> None:
    with RedisClient(endpoint.port) as client:
        client.set_zeros("large", length)
        got = client.get_length("large")
    if got != length:
        raise Failure(f"GET gave {got} bytes of a value of {length}")


def _postgres_row(site: Site, server: Any, endpoint: Endpoint, length: int) -> None:
    got = len(server.query(endpoint.port, f"SELECT repeat('x', {length})"))
    if got != length:
        raise Failure(f"psql got {got} bytes of a row of {length}")


def _s3_object(site: Site, server: Any, endpoint: Endpoint, length: int) -> None:
    size = {SMALL: "1MiB", LARGE: "256MiB"}[length]
    for method in ("PUT", "GET"):
        CurlLoad(method, size, transfers=1).run(site, server, endpoint)


PASSAGES: tuple[tuple[str, str, str, Passage], ...] = (
    ("redis-value", "a Redis value, SET and GET", "redis", _redis_value),
    ("postgres-row", "a PostgreSQL row", "postgres", _postgres_row),
    ("s3-object", "an S3 object, PUT and GET", "s3", _s3_object),
)
#: The parts whose targets are measured here.
MEASURED_PARTS = tuple(dict.fromkeys(part for _, _, part, *_ in (*PASSAGES, *IDLE)))


def _idle(site: Site, part: str, target: str, pairs: int, count: int) -> dict[str, float]:
    """What fresh proxies' resident memory grows by, for each client connection that has had one answer and waits.

    All pairs are open at the same time; where one process may not have so many descriptors, several share them.
    """
    # A server of its own each time: closed connections keep the ports to the last one's address for a while.
    server = start_server(site, "redis")
    try:
        endpoints = []
        clients: list[RedisClient] = []
        try:
            for _ in range(count):
                endpoints.append(start_checked(site, target, PARTS[part][target], server))
            processes = [_process(endpoint) for endpoint in endpoints]
            before = sum(resident(process.pid) for process in processes)
            for number in range(pairs):
                client = RedisClient(endpoints[number % len(endpoints)].port)
                clients.append(client)
                client.socket.sendall(command("PING"))
                if client.socket.recv(16) != b"+PONG\r\n":
                    raise Failure(f"connection {len(clients)} got no PONG: "
                                  f"{processes[number % len(processes)].log_tail()}")
            time.sleep(1)
            after = sum(resident(process.pid) for process in processes)
            with RedisClient(server.port) as direct:
                connected = direct.ask("INFO", "clients").decode()
        finally:
            for client in clients:
                client.socket.close()
            for endpoint in endpoints:
                site.workspace.stop(_process(endpoint))
    finally:
        site.workspace.stop(server.process)
    upstreams = int(connected.partition("connected_clients:")[2].split()[0]) - 1
    return {"before": before, "after": after, "pairs": pairs, "upstreams": upstreams,
            "per_pair": (after - before) / pairs}


def _process(endpoint: Endpoint) -> Process:
    if endpoint.process is None:
        raise Failure("there is no proxy whose memory could be measured")
    return endpoint.process
