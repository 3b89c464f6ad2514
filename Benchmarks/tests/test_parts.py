"""Tests of the parts, their targets and the order in which the rounds of a part are run."""

import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from harness import alternation, options
from harness.alternation import Alternation
from harness.loads import Done, Load
from harness.parts import DIRECT, PARTS, TARGETS, Way, ways_of
from harness.peers.fairlead import through_adapter
from harness.processes import DISK, Failure
from harness.results import RowResult
from harness.rows import Row, rows_of
from harness.servers import SERVERS
from harness.servers.embedded import counted
from harness.site import Endpoint


class Parts(unittest.TestCase):
    def test_every_part_begins_with_the_direct_way_and_every_server_exists(self) -> None:
        for part, ways in PARTS.items():
            self.assertEqual(next(iter(ways)), DIRECT, part)
            for way in ways.values():
                self.assertIn(way.server, SERVERS)

    def test_every_target_has_a_load_in_every_row_of_its_part(self) -> None:
        for part, ways in PARTS.items():
            rows = rows_of(part, quick=False)
            self.assertTrue(rows, part)
            for row in rows:
                self.assertEqual(row.part, part)
                self.assertEqual({way.wire for way in ways.values()}, set(row.loads), row.key)

    def test_a_server_that_is_compared_has_no_other_way(self) -> None:
        for part, ways in PARTS.items():
            servers = [way.server for way in ways.values()]
            for way in ways.values():
                if way.is_compared:
                    self.assertIsNone(way.peer)
                    self.assertEqual(servers.count(way.server), 1, part)

    def test_unnamed_targets_are_left_out_but_the_direct_way_stays(self) -> None:
        self.assertEqual(list(ways_of("translated", ["twemproxy", "haproxy"])), [DIRECT, "twemproxy"])

    def test_an_adapter_is_named_in_the_backends_url(self) -> None:
        with mock.patch("harness.fairlead.serve") as serve:
            through_adapter("memcached-swift").start(mock.sentinel.site, "redis", 11211)
        serve.assert_called_once_with(mock.sentinel.site, "redis", "memcached-swift+tcp://127.0.0.1:11211")


class CommandLine(unittest.TestCase):
    def test_parts_targets_and_rows_are_taken_as_given(self) -> None:
        given = options.parse(["--only", "translated,embedded", "--targets", "memcached", "--rows", "c50", "--quick"])
        self.assertEqual((given.parts, given.targets, given.rows),
                         (["translated", "embedded"], [DIRECT, "memcached"], ["c50"]))
        self.assertEqual(given.disk, DISK)
        self.assertEqual(options.parse(["--disk", "/srv"]).disk, Path("/srv"))

    def test_everything_is_the_default(self) -> None:
        given = options.parse([])
        self.assertEqual(given.parts, [*PARTS, options.MEMORY])
        self.assertEqual(given.targets, list(TARGETS))


class Counters(unittest.TestCase):
    PAGE = "\n".join([
        'fairlead_commands_total{listener="a",protocol="redis",backend="b",command="get"} 40',
        'fairlead_commands_total{listener="c",protocol="redis",backend="b",command="get"} 2',
        'fairlead_commands_total{listener="a",protocol="redis",backend="b",command="getex"} 7',
        'fairlead_command_failures_total{listener="a",protocol="redis",backend="b",command="get"} 1',
    ])

    def test_a_commands_counter_is_summed_over_the_listeners_and_no_other_is(self) -> None:
        self.assertEqual(counted(self.PAGE, "commands", "get"), 42)
        self.assertEqual(counted(self.PAGE, "command_failures", "get"), 1)
        self.assertEqual(counted(self.PAGE, "commands", "set"), 0)


class RecordedLoad(Load):
    """Writes down what is asked of it, and fails where it is told to."""

    def __init__(self, log: list[str], failing: str = ""):
        self.log, self.failing = log, failing

    def lay_out(self, site, server, endpoint) -> None:
        self._note("lay out", endpoint)

    def plan(self, site, server, endpoint, seconds) -> None:
        self._note("plan", endpoint)

    def run(self, site, server, endpoint, share: float = 1.0) -> Done:
        self._note("warm up" if share < 1 else "run", endpoint)
        return Done(10, 1.0, 1.0, 2.0)

    def _note(self, what: str, endpoint: Endpoint) -> None:
        line = f"{what} {endpoint.wire}:{endpoint.port}"
        self.log.append(line)
        if line == self.failing:
            raise Failure("as told")


class Rounds(unittest.TestCase):
    WAYS = {DIRECT: Way("a", "one"), "x": Way("b", "one"), "y": Way("b", "two"), "z": Way("b", "three")}
    PORTS = {DIRECT: 1, "x": 2, "y": 3, "z": 4}

    def setUp(self) -> None:
        self.log: list[str] = []
        self.stopped: list[str] = []
        self.started: list[str] = []
        patches = [
            mock.patch.object(alternation, "start_server", self._start_server),
            mock.patch.object(alternation, "start_checked", self._start_checked),
            mock.patch.object(alternation, "say"),
            mock.patch.object(alternation, "_pids", lambda process: []),
        ]
        for patch in patches:
            patch.start()
            self.addCleanup(patch.stop)

    def run_row(self, failing: str = "", rounds: int = 2) -> RowResult:
        workspace = SimpleNamespace(needed=[], stop=self.stopped.append)
        row = Row("k", "p", "a row", "request", {wire: RecordedLoad(self.log, failing) for wire in ("one", "two")})
        results: list[RowResult] = []
        Alternation(SimpleNamespace(workspace=workspace), "p", self.WAYS, rounds, 1.0).run([row], results)
        return results[0]

    def test_every_target_is_laid_out_and_each_wire_is_planned_at_its_first_target(self) -> None:
        result = self.run_row()
        self.assertEqual(self.log[:5], ["lay out one:1", "lay out one:2", "lay out two:3", "plan one:1", "plan two:3"])
        self.assertEqual({target: len(rounds) for target, rounds in result.rounds.items()}, {DIRECT: 2, "x": 2, "y": 2})

    def test_a_target_whose_wire_the_row_has_not_takes_no_part(self) -> None:
        self.assertNotIn("z", self.run_row().rounds)

    def test_each_round_begins_with_another_target_and_every_other_goes_backwards(self) -> None:
        self.run_row()
        self.assertEqual(self.log[8:], ["run one:2", "run one:1", "run two:3", "run two:3", "run one:1", "run one:2"])
        targets = ["a", "b", "c", "d"]
        rounds = [alternation.in_turn(targets, number) for number in range(4)]
        self.assertEqual([order[0] for order in rounds], targets)
        pairs = {pair for order in rounds for pair in zip(order, order[1:])}
        # Each is before and behind its neighbours.
        self.assertTrue({("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")} <= pairs)

    def test_ways_share_the_server_they_lead_to_and_it_is_stopped_once(self) -> None:
        self.run_row()
        self.assertEqual((self.started, self.stopped), (["a", "b"], ["process of a", "process of b"]))

    def test_a_target_that_fails_takes_no_further_part_and_the_others_go_on(self) -> None:
        result = self.run_row(failing="run one:2")
        self.assertEqual(result.failures, {"x": "as told"})
        self.assertEqual({target: len(rounds) for target, rounds in result.rounds.items()}, {DIRECT: 2, "x": 0, "y": 2})

    def test_a_direct_way_that_fails_ends_the_run(self) -> None:
        with self.assertRaises(Failure):
            self.run_row(failing="run one:1")
        self.assertEqual(self.stopped, ["process of a", "process of b"])

    def _start_server(self, site, name: str) -> SimpleNamespace:
        self.started.append(name)
        return SimpleNamespace(process=f"process of {name}")

    def _start_checked(self, site, target: str, way: Way, server) -> Endpoint:
        return Endpoint(way.wire, self.PORTS[target])


if __name__ == "__main__":
    unittest.main()
