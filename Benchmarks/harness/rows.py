"""The rows of the benchmark, by part: each is one load that every target gets in turn, in the wire it speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .loads import Load
from .loads.copy import CopyLoad
from .loads.curl import CurlLoad
from .loads.keyvalue import KeyValueLoad
from .loads.memcached import MemcachedLoad, MemcachedMetaLoad
from .loads.pgbench import PgbenchLoad
from .loads.redis import RedisLoad, RedisScriptLoad
from .loads.wrk import WrkLoad

S3_CLIENTS = 16
#: The shared rows that a mark of issue 5 is about.
SHARED_MARKS = (("get", "64B", 1, 1), ("get", "64B", 50, 1), ("get", "64B", 50, 16), ("get", "64B", 500, 1),
                ("get", "64KiB", 50, 1))
#: Bytes of requests or replies that all clients together wait for at once.
SHARED_IN_FLIGHT = 64 << 20


@dataclass(frozen=True)
class Row:
    key: str
    part: str
    title: str
    #: What one request of this row is.
    unit: str
    #: By wire: targets whose clients speak another have no part in this row.
    loads: Mapping[str, Load]
    #: Whether `--quick` runs it too.
    quick: bool = False
    #: A few long transfers instead of many requests, so a warm-up would double the time.
    large: bool = False


def rows_of(part: str, quick: bool, words: Sequence[str] = ()) -> list[Row]:
    """The rows of a part; with words only those that have one in their key, between its dashes: `c50-p1` is not in `c50-p16`."""
    rows = {"redis": _redis, "postgres": _postgres, "s3": _s3, "shared": _shared, "translated": _translated,
            "embedded": _embedded, "features-redis": _features_redis, "features-postgres": _features_postgres,
            "features-s3": _features_s3}
    return [row for row in rows[part](quick) if (row.quick or not quick)
            and (not words or any(f"-{word}-" in f"-{row.key}-" for word in words))]


def _redis(quick: bool) -> list[Row]:
    rows = _small_values("redis", "Redis", RedisLoad)
    for command in ("get", "set"):
        rows.append(Row(f"redis-{command}-64KiB-c50-p1", "redis", f"Redis {command.upper()} 64 KiB, 50 clients",
                        "command", {"redis": RedisLoad(command, 50, 1, 64 << 10)}, quick=command == "get"))
    return rows


def _shared(quick: bool) -> list[Row]:
    return [
        Row(f"shared-{command}-{size}-c{clients}-p{pipeline}", "shared",
            f"Shared {name} {size_text}, {_count(clients, 'client')}, pipeline {pipeline}", "command",
            {"redis": kind(command, clients, pipeline, size_bytes)},
            # A row for each mark.
            quick=(command, size, clients, pipeline) in SHARED_MARKS)
        for command, name, kind in (("get", "GET", RedisLoad), ("set", "SET", RedisLoad),
                                    ("mget", "MGET of 10", RedisScriptLoad), ("mix", "90/10 mix", RedisScriptLoad))
        for size, size_text, size_bytes in (("64B", "64 B", 64), ("4KiB", "4 KiB", 4 << 10),
                                            ("64KiB", "64 KiB", 64 << 10))
        for clients in (1, 50, 500) for pipeline in (1, 16, 100)
        # Half a gigabyte of replies in flight is no load that anybody has.
        if clients * pipeline * size_bytes * (10 if command == "mget" else 1) <= SHARED_IN_FLIGHT]


def _translated(quick: bool) -> list[Row]:
    return _small_values("translated", "Translated", RedisLoad, MemcachedLoad, MemcachedMetaLoad)


def _embedded(quick: bool) -> list[Row]:
    return _small_values("embedded", "Embedded", RedisLoad)


def _features_redis(quick: bool) -> list[Row]:
    return [row for row in _small_values("features-redis", "Features, Redis", RedisLoad) if "-c50-" in row.key]


def _features_postgres(quick: bool) -> list[Row]:
    return [
        Row(f"features-postgres-{mode}-c32", "features-postgres", f"Features, PostgreSQL select-only, {mode}, 32 clients",
            "transaction", {"postgres": PgbenchLoad(32, mode)}, quick=True)
        for mode in ("simple", "prepared")]


def _features_s3(quick: bool) -> list[Row]:
    return [
        Row(f"features-s3-{method.lower()}-4KiB", "features-s3", f"Features, S3 {method} 4KiB, {S3_CLIENTS} clients",
            "object", {"s3": WrkLoad(method, "4KiB", S3_CLIENTS)}, quick=True)
        for method in ("GET", "PUT")]


def _small_values(part: str, what: str, *kinds: type[KeyValueLoad]) -> list[Row]:
    """GET and SET of 64 B, with one client and with 50, one request at a time and 16."""
    return [
        Row(f"{part}-{command}-64B-c{clients}-p{pipeline}", part,
            f"{what} {command.upper()} 64 B, {_count(clients, 'client')}, pipeline {pipeline}", "command",
            {kind.wire: kind(command, clients, pipeline, 64) for kind in kinds}, quick=clients == 50)
        for clients in (1, 50) for pipeline in (1, 16) for command in ("get", "set")]


def _postgres(quick: bool) -> list[Row]:
    rows = [
        Row(f"postgres-{mode}-c{clients}", "postgres",
            f"PostgreSQL select-only, {mode}, {_count(clients, 'client')}", "transaction",
            {"postgres": PgbenchLoad(clients, mode)}, quick=clients == 32)
        for clients in (1, 32) for mode in ("simple", "prepared")]
    mebibytes = 64 if quick else 256
    rows.append(Row("postgres-copy", "postgres", f"PostgreSQL COPY of {mebibytes} MiB", "result",
                    {"postgres": CopyLoad(mebibytes, transfers=1 if quick else 2)}, quick=True, large=True))
    return rows


def _s3(quick: bool) -> list[Row]:
    rows = [
        Row(f"s3-{method.lower()}-{size}", "s3", f"S3 {method} {size}, {S3_CLIENTS} clients", "object",
            {"s3": WrkLoad(method, size, S3_CLIENTS)}, quick=size == "4KiB" or method == "GET")
        for size in ("4KiB", "1MiB") for method in ("GET", "PUT")]
    rows += [
        Row(f"s3-{method.lower()}-256MiB", "s3", f"S3 {method} 256MiB, 1 client", "object",
            {"s3": CurlLoad(method, "256MiB", transfers=1 if quick else 2)}, quick=True, large=True)
        for method in ("GET", "PUT")]
    return rows


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
