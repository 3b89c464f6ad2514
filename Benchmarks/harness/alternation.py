"""Runs the rows of one protocol: all targets side by side, rounds in alternation."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import cpu
from .figures import microseconds, rate
from .loads import Done
from .peers import DIRECT, PEERS
from .processes import Failure
from .progress import say, step
from .results import Round, RowResult
from .rows import Row
from .servers import Server, start_server
from .site import Endpoint, Site

# What a target does before its first round counts: caches fill, connections to the server open, pages get mapped.
WARM_UP_SHARE = 0.2


@dataclass
class Alternation:
    site: Site
    protocol: str
    targets: list[str]
    rounds: int
    seconds: float
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    def run(self, rows: list[Row], results: list[RowResult]) -> None:
        """Measures the rows and appends each result as soon as it is there."""
        say(f"{self.protocol}: starting the server and {', '.join(self.targets)}")
        server = start_server(self.site, self.protocol)
        try:
            for target in self.targets:
                self.endpoints[target] = start_checked(self.site, target, self.protocol, server)
            for row in rows:
                result = RowResult(row)
                results.append(result)
                self._measure(server, result)
                say(_in_brief(result))
        finally:
            self.site.workspace.needed = []
            for endpoint in self.endpoints.values():
                if endpoint.process:
                    self.site.workspace.stop(endpoint.process)
            self.site.workspace.stop(server.process)

    def _measure(self, server: Server, result: RowResult) -> None:
        row = result.row
        self.site.workspace.needed = [server.process]
        row.load.prepare(self.site, server, self.seconds)
        result.rounds = {target: [] for target in self.targets}
        running = list(self.targets)
        for number in range(0 if not row.large else 1, self.rounds + 1):
            # Each round begins with another target, so that none always follows the same one.
            for target in [running[(at + number) % len(running)] for at in range(len(running))]:
                step(f"{row.title}: {f'round {number}/{self.rounds}' if number else 'warm-up'}, {target}")
                proxy = self.endpoints[target].process
                self.site.workspace.needed = [server.process, *([proxy] if proxy else [])]
                try:
                    if number == 0:
                        row.load.run(self.site, server, self.endpoints[target], WARM_UP_SHARE)
                    else:
                        result.rounds[target].append(measured(self.site, server, row, self.endpoints[target]))
                except Failure as failure:
                    if target == DIRECT:
                        raise
                    result.failures[target] = str(failure)
                    say(f"{row.title}: {target} failed: {failure}")
                    running.remove(target)
                    self._restart(target, server)

    def _restart(self, target: str, server: Server) -> None:
        # What a failure left behind must not weigh on the next row.
        process = self.endpoints[target].process
        if process:
            self.site.workspace.stop(process)
        self.endpoints[target] = start_checked(self.site, target, self.protocol, server)


def start_checked(site: Site, target: str, protocol: str, server: Server) -> Endpoint:
    """Starts a target and proves that it forwards to the server."""
    if target == DIRECT:
        endpoint = Endpoint(server.port)
    else:
        endpoint = PEERS[target].start(site, protocol, server.port)
    try:
        server.check(endpoint)
    except (Failure, OSError) as cause:
        log = endpoint.process.log_tail() if endpoint.process else ""
        raise Failure(f"{target} does not forward {protocol}: {cause}\n{log}".rstrip()) from cause
    return endpoint


def measured(site: Site, server: Server, row: Row, endpoint: Endpoint) -> Round:
    if endpoint.process is None:
        return Round.of(row.load.run(site, server, endpoint), None)
    pids = cpu.process_tree(endpoint.process.pid)
    before = cpu.sample(pids)
    done: Done = row.load.run(site, server, endpoint)
    spent = cpu.sample(pids).since(before)
    if not endpoint.process.alive():
        raise Failure(f"{endpoint.process.name} ended during the row:\n{endpoint.process.log_tail()}".rstrip())
    return Round.of(done, spent)


def _in_brief(result: RowResult) -> str:
    said = []
    for target in result.rounds:
        cost = result.median(target, "cpu_microseconds")
        speed = f"{target} {rate(result.median(target, 'per_second'))}/s"
        said.append(speed if cost is None else f"{speed} {microseconds(cost)}")
    return f"{result.row.title}: {', '.join(said)}"
