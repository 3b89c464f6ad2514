"""Runs the rows of one part: all targets side by side, rounds in alternation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import cpu, syscalls
from .figures import microseconds, rate
from .loads import Done, Load
from .parts import DIRECT, Way
from .processes import Failure, Process
from .progress import say, step
from .results import Round, RowResult, SystemCalls
from .rows import Row
from .servers import Server, start_server
from .site import Endpoint, Site

# What a target does before its first round counts: caches fill, connections to the server open, pages get mapped.
WARM_UP_SHARE = 0.2


@dataclass
class Alternation:
    site: Site
    part: str
    ways: dict[str, Way]
    rounds: int
    seconds: float
    servers: dict[str, Server] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    def run(self, rows: list[Row], results: list[RowResult]) -> None:
        """Measures the rows and appends each result as soon as it is there."""
        say(f"{self.part}: starting {', '.join(self.ways)}")
        try:
            for target in self.ways:
                self._start(target)
            for row in rows:
                result = RowResult(row)
                results.append(result)
                self._measure(result)
                say(_in_brief(result))
        finally:
            self.site.workspace.needed = []
            for target in list(self.endpoints):
                self._stop_peer(target)
            for server in self.servers.values():
                self.site.workspace.stop(server.process)

    def _measure(self, result: RowResult) -> None:
        row = result.row
        running = [target for target, way in self.ways.items() if way.wire in row.loads]
        result.rounds = {target: [] for target in running}
        for target in list(running):
            self._attempt(target, result, running, lambda: self._load(target, row).lay_out(*self._place(target)))
        for wire, load in row.loads.items():
            for target in [target for target in running if self.ways[target].wire == wire]:
                self._attempt(target, result, running, lambda: load.plan(*self._place(target), self.seconds))
                if target in running:
                    break
        for number in range(0 if not row.large else 1, self.rounds + 1):
            for target in in_turn(running, number):
                step(f"{row.title}: {f'round {number}/{self.rounds}' if number else 'warm-up'}, {target}")
                self._attempt(target, result, running, lambda: self._round(target, result, number))

    def _round(self, target: str, result: RowResult, number: int) -> None:
        site, server, endpoint = self._place(target)
        if number == 0:
            load = self._load(target, result.row)
            with (syscalls.counted(_pids(endpoint.process)) as of_endpoint,
                  syscalls.counted(_pids(server.process)) as of_server):
                requests = load.run(site, server, endpoint, WARM_UP_SHARE).requests
            result.system_calls[target] = SystemCalls(
                *(None if count.value is None else count.value / requests for count in (of_endpoint, of_server)))
        else:
            result.rounds[target].append(measured(site, server, self._load(target, result.row), endpoint))

    def _attempt(self, target: str, result: RowResult, running: list[str], work: Callable[[], None]) -> None:
        """Does something with a target; one that fails has no further part in the row, and is started anew."""
        self.site.workspace.needed = self._processes(target)
        try:
            work()
        except (Failure, OSError) as failure:
            if target == DIRECT:
                raise
            result.failures[target] = str(failure)
            say(f"{result.row.title}: {target} failed: {failure}")
            running.remove(target)
            # What a failure left behind must not weigh on the next row.
            self._stop_peer(target)
            if self.ways[target].is_compared:
                self.site.workspace.stop(self.servers.pop(self.ways[target].server).process)
            self._start(target)

    def _start(self, target: str) -> None:
        way = self.ways[target]
        if way.server not in self.servers:
            self.servers[way.server] = start_server(self.site, way.server)
        self.endpoints[target] = start_checked(self.site, target, way, self.servers[way.server])

    def _stop_peer(self, target: str) -> None:
        endpoint = self.endpoints.pop(target)
        if endpoint.process and self.ways[target].peer:
            self.site.workspace.stop(endpoint.process)

    def _place(self, target: str) -> tuple[Site, Server, Endpoint]:
        return self.site, self.servers[self.ways[target].server], self.endpoints[target]

    def _load(self, target: str, row: Row) -> Load:
        return row.loads[self.ways[target].wire]

    def _processes(self, target: str) -> list[Process]:
        _, server, endpoint = self._place(target)
        return [server.process, *([endpoint.process] if endpoint.process else [])]


def in_turn(targets: list[str], number: int) -> list[str]:
    """Each round begins with another target, and every other one goes backwards, so that none always follows the same one."""
    order = [targets[(at + number) % len(targets)] for at in range(len(targets))]
    return order if number % 2 == 0 else [order[0], *reversed(order[1:])]


def start_checked(site: Site, target: str, way: Way, server: Server) -> Endpoint:
    """Starts what stands on the way to the server, if anything does, and proves that it leads there."""
    if way.peer:
        endpoint = way.peer.start(site, way.wire, server.port)
    else:
        endpoint = Endpoint(way.wire, server.port, server.process if way.is_compared else None)
    try:
        server.check(endpoint)
    except (Failure, OSError) as cause:
        log = endpoint.process.log_tail() if endpoint.process else ""
        raise Failure(f"{target} does not lead {way.wire} clients to its server: {cause}\n{log}".rstrip()) from cause
    return endpoint


def measured(site: Site, server: Server, load: Load, endpoint: Endpoint) -> Round:
    pids = {one: _pids(process) for one, process in (("endpoint", endpoint.process), ("server", server.process))}
    before = {one: cpu.sample(ids) for one, ids in pids.items()}
    done: Done = load.run(site, server, endpoint)
    spent = {one: cpu.sample(ids).since(before[one]) if ids else None for one, ids in pids.items()}
    if endpoint.process and not endpoint.process.alive():
        raise Failure(f"{endpoint.process.name} ended during the row:\n{endpoint.process.log_tail()}".rstrip())
    return Round.of(done, spent["endpoint"], spent["server"])


def _pids(process: Process | None) -> list[int]:
    return cpu.process_tree(process.pid) if process else []


def _in_brief(result: RowResult) -> str:
    said = []
    for target in result.rounds:
        cost = result.median(target, "cpu_microseconds")
        speed = f"{target} {rate(result.median(target, 'per_second'))}/s"
        said.append(speed if cost is None else f"{speed} {microseconds(cost)}")
    return f"{result.row.title}: {', '.join(said)}"
