"""The rows of the benchmark, by protocol: each is one load that every target gets in turn."""

from __future__ import annotations

from dataclasses import dataclass

from .loads import Load
from .loads.copy import CopyLoad
from .loads.curl import CurlLoad
from .loads.pgbench import PgbenchLoad
from .loads.redis import RedisLoad
from .loads.wrk import WrkLoad

S3_CLIENTS = 16


@dataclass(frozen=True)
class Row:
    key: str
    protocol: str
    title: str
    #: What one request of this row is.
    unit: str
    load: Load
    #: Whether `--quick` runs it too.
    quick: bool = False
    #: A few long transfers instead of many requests, so a warm-up would double the time.
    large: bool = False


def rows_of(protocol: str, quick: bool) -> list[Row]:
    rows = {"redis": _redis, "postgres": _postgres, "s3": _s3}[protocol](quick)
    return [row for row in rows if row.quick or not quick]


def _redis(quick: bool) -> list[Row]:
    rows = []
    for clients in (1, 50):
        for pipeline in (1, 16):
            for command in ("get", "set"):
                rows.append(Row(
                    f"redis-{command}-64B-c{clients}-p{pipeline}", "redis",
                    f"Redis {command.upper()} 64 B, {_count(clients, 'client')}, pipeline {pipeline}", "command",
                    RedisLoad(command, clients, pipeline, 64), quick=clients == 50))
    for command in ("get", "set"):
        rows.append(Row(f"redis-{command}-64KiB-c50-p1", "redis", f"Redis {command.upper()} 64 KiB, 50 clients",
                        "command", RedisLoad(command, 50, 1, 64 << 10), quick=command == "get"))
    return rows


def _postgres(quick: bool) -> list[Row]:
    rows = [
        Row(f"postgres-{mode}-c{clients}", "postgres",
            f"PostgreSQL select-only, {mode}, {_count(clients, 'client')}", "transaction",
            PgbenchLoad(clients, mode), quick=clients == 32)
        for clients in (1, 32) for mode in ("simple", "prepared")]
    mebibytes = 64 if quick else 256
    rows.append(Row("postgres-copy", "postgres", f"PostgreSQL COPY of {mebibytes} MiB", "result",
                    CopyLoad(mebibytes, transfers=1 if quick else 2), quick=True, large=True))
    return rows


def _s3(quick: bool) -> list[Row]:
    rows = [
        Row(f"s3-{method.lower()}-{size}", "s3", f"S3 {method} {size}, {S3_CLIENTS} clients", "object",
            WrkLoad(method, size, S3_CLIENTS), quick=size == "4KiB" or method == "GET")
        for size in ("4KiB", "1MiB") for method in ("GET", "PUT")]
    rows += [
        Row(f"s3-{method.lower()}-256MiB", "s3", f"S3 {method} 256MiB, 1 client", "object",
            CurlLoad(method, "256MiB", transfers=1 if quick else 2), quick=True, large=True)
        for method in ("GET", "PUT")]
    return rows


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
