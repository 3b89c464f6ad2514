"""Tests of the shared part: its loads against a real server, its rows, and its marks."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import marks, syscalls
from harness.loads.redis import RedisScriptLoad
from harness.marks.sharing import LIMITS
from harness.processes import Workspace
from harness.results import Round, RowResult
from harness.rows import SHARED_IN_FLIGHT, SHARED_MARKS, rows_of
from harness.site import Site


@unittest.skipUnless(shutil.which("cc") and shutil.which("redis-server"), "there is no C compiler or no redis-server")
class OnRedis(unittest.TestCase):
    def test_the_server_answers_what_the_loads_expect_and_counts_it(self) -> None:
        from harness.servers.redis import RedisServer

        with tempfile.TemporaryDirectory() as tools, Workspace() as workspace:
            site = Site(workspace, Path(tools), Path("/nowhere"), workers=1)
            server = RedisServer(site)
            for command, by_server in (("mget", {"mget": 60, "set": 1}), ("mix", {"get": 54, "set": 7})):
                load = RedisScriptLoad(command, clients=3, pipeline=4, value_bytes=70_000, requests=60)
                before = {name: server.calls(name) for name in by_server}
                load.lay_out(site, server, server.endpoint)
                self.assertEqual(load.run(site, server, server.endpoint).requests, 60)
                self.assertEqual({name: server.calls(name) - before[name] for name in by_server}, by_server)


class Rows(unittest.TestCase):
    def test_every_mark_has_its_row_and_no_load_holds_too_much_at_once(self) -> None:
        rows = rows_of("shared", quick=False)
        self.assertEqual(len({row.key for row in rows}), len(rows))
        self.assertEqual(len(rows_of("shared", quick=True)), len(SHARED_MARKS))
        shapes = {(row.loads["redis"].value_bytes, row.loads["redis"].clients, row.loads["redis"].pipeline)
                  for row in rows}
        self.assertLessEqual(set(LIMITS), shapes)
        for size, clients, pipeline in shapes:
            self.assertLessEqual(size * clients * pipeline, SHARED_IN_FLIGHT)


class Marks(unittest.TestCase):
    def result(self, key: str, **by_target: Round) -> RowResult:
        row = next(row for row in rows_of("shared", quick=False) if row.key == key)
        return RowResult(row, {target.replace("_", "-"): [one] * 3 for target, one in by_target.items()})

    def verdicts(self, result: RowResult) -> dict[str, str]:
        return {mark.what: mark.verdict for mark in marks.marks_of([result], [])}

    def test_rates_and_cpu_are_held_to_each_peer(self) -> None:
        def one(rate: float, cpu: float) -> Round:
            return Round(9, rate, 100.0, 200.0, user_microseconds=cpu / 2, kernel_microseconds=cpu / 2)

        result = self.result("shared-get-64B-c50-p1", direct=Round(9, 100.0, 1.0, 2.0), fairlead=one(101.0, 1.7),
                             twemproxy=one(102.0, 2.0), haproxy=one(90.0, 2.7), envoy_redis=one(50.0, 3.0))
        self.assertEqual(self.verdicts(result), {
            "rate ≥ 1× direct": "met", "rate ≥ 1× twemproxy": "MISSED", "CPU ≤ 0.85× twemproxy": "met",
            "CPU ≤ 0.65× envoy-redis": "met", "CPU ≤ 0.6× haproxy": "MISSED", "user ≤ 0.8 µs": "MISSED"})

    def test_added_latency_is_held_to_haproxys(self) -> None:
        for ours, verdict in ((149.0, "met"), (151.0, "MISSED")):
            result = self.result("shared-set-64B-c1-p1", direct=Round(9, 1.0, 100.0, 2.0),
                                 fairlead=Round(9, 1.0, ours, 2.0), haproxy=Round(9, 1.0, 150.0, 2.0))
            self.assertEqual(self.verdicts(result), {"added p50 ≤ haproxy's": verdict})

    def test_other_rows_have_no_mark(self) -> None:
        result = self.result("shared-mix-64B-c50-p1", direct=Round(9, 1.0, 1.0, 2.0), fairlead=Round(9, 1.0, 1.0, 2.0))
        self.assertEqual(self.verdicts(result), {})


@unittest.skipUnless(shutil.which("perf"), "there is no perf")
class SystemCallCounts(unittest.TestCase):
    def test_the_calls_of_a_process_are_counted_and_no_others(self) -> None:
        busy = "import os, sys\nfor line in sys.stdin:\n for _ in range(5000): os.getppid()\n print(flush=True)"
        with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin and process.stdout
            with syscalls.counted([process.pid]) as count:
                process.stdin.write(b"\n")
                process.stdin.flush()
                process.stdout.readline()
            process.kill()
        if count.value is None:
            self.skipTest("perf may not count here")
        self.assertGreaterEqual(count.value, 5000)
        self.assertLess(count.value, 6000)


if __name__ == "__main__":
    unittest.main()
