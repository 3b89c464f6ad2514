"""Tests of what the benchmark's numbers rest on: signing, counting CPU time, ratios and verdicts."""

import contextlib
import io
import subprocess
import sys
import time
import unittest

from harness import cpu, figures, marks, sigv4
from harness.marks import passthrough, translation
from harness.parts import PARTS
from harness.results import MemoryResult, Round, RowResult
from harness.rows import Row, rows_of

BURN = "import time\nwhile time.process_time() < 0.6: sum(range(200_000))\nprint('burnt', flush=True)\ntime.sleep(30)"


def row_result(**cpu_by_target: list[float]) -> RowResult:
    row: Row = rows_of("redis", quick=False)[0]
    rounds = {target: [Round(1000, 10.0, 1.0, 2.0, user_microseconds=value, kernel_microseconds=0.0)
                       for value in values] for target, values in cpu_by_target.items()}
    return RowResult(row, rounds)


class Signing(unittest.TestCase):
    def test_the_signing_key_is_that_of_the_published_example(self) -> None:
        # AWS General Reference, "Examples of how to derive a signing key for Signature Version 4".
        key = sigv4.signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", service="iam")
        self.assertEqual(key.hex(), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d")


class CpuAccounting(unittest.TestCase):
    def test_the_time_a_child_burns_is_counted_as_user_time(self) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}])"],
            stdout=subprocess.PIPE, start_new_session=True)
        try:
            assert parent.stdout
            self.assertEqual(parent.stdout.readline(), b"burnt\n")
            time.sleep(0.05)
            tree = cpu.process_tree(parent.pid)
            self.assertEqual(len(tree), 2)
            spent = cpu.sample(tree).since(cpu.CpuSample(0, 0, 0))
        finally:
            for pid in reversed(cpu.process_tree(parent.pid)):
                subprocess.run(["kill", "-9", str(pid)], check=False)
            parent.wait()
            parent.stdout.close()
        self.assertGreaterEqual(spent.total, 0.6)
        self.assertGreater(spent.user, spent.kernel)

    def test_nanoseconds_are_split_as_the_ticks_say(self) -> None:
        spent = cpu.CpuSample(1_000_000_000, 30, 70).since(cpu.CpuSample(0, 0, 0))
        self.assertAlmostEqual(spent.user, 0.3)
        self.assertAlmostEqual(spent.kernel, 0.7)


class Figures(unittest.TestCase):
    def test_a_percentile_is_the_nearest_rank(self) -> None:
        self.assertEqual(figures.percentile([5, 1, 4, 2, 3], 50), 3)
        self.assertEqual(figures.percentile(list(range(1, 101)), 99), 99)
        self.assertEqual(figures.percentile([7], 99), 7)

    def test_a_ratio_is_the_median_of_each_rounds_ratio(self) -> None:
        self.assertEqual(figures.paired_ratio([10, 40, 9], [10, 20, 10]), 1.0)
        self.assertIsNone(figures.paired_ratio([], []))


class Verdicts(unittest.TestCase):
    def verdict(self, result: RowResult, what: str) -> marks.Mark:
        return next(mark for mark in marks.marks_of([result], []) if mark.what == what)

    def test_a_tie_reaches_haproxys_mark_and_misses_envoys(self) -> None:
        tie = row_result(fairlead=[10.0], haproxy=[10.0], envoy=[10.0])
        self.assertEqual(self.verdict(tie, "at most haproxy").verdict, marks.MET)
        self.assertEqual(self.verdict(tie, "below envoy").verdict, marks.MISSED)

    def test_rounds_on_both_sides_are_called_close(self) -> None:
        self.assertTrue(self.verdict(row_result(fairlead=[9.0, 11.0, 9.5], haproxy=[10.0] * 3), "at most haproxy").close)
        self.assertFalse(self.verdict(row_result(fairlead=[9.0, 9.0, 9.5], haproxy=[10.0] * 3), "at most haproxy").close)

    def test_user_time_is_judged_only_where_haproxys_is_in_its_range(self) -> None:
        self.assertEqual(self.verdict(row_result(fairlead=[1.4], haproxy=[2.0]), passthrough.USER_COLUMN).verdict, marks.MET)
        missed = self.verdict(row_result(fairlead=[1.6], haproxy=[2.0]), passthrough.USER_COLUMN)
        self.assertEqual(missed.verdict, marks.MISSED)
        unlike = self.verdict(row_result(fairlead=[1.6], haproxy=[3.0]), passthrough.USER_COLUMN)
        self.assertEqual(unlike.verdict, marks.DISTANCE)

    def test_a_row_at_which_fairlead_failed_is_missed(self) -> None:
        result = row_result(fairlead=[], haproxy=[10.0])
        result.failures["fairlead"] = "it ended"
        self.assertEqual(self.verdict(result, "at most haproxy").verdict, marks.MISSED)

    def test_memory_that_grows_with_the_size_is_missed(self) -> None:
        for growth, verdict in ((1 << 20, marks.MET), (200 << 20, marks.MISSED)):
            result = MemoryResult("redis-value", "a value", "redis", {
                "fairlead": {"peak_1MiB": 8 << 20, "peak_256MiB": (8 << 20) + growth, "growth": growth}})
            self.assertEqual([mark.verdict for mark in marks.marks_of([], [result])], [verdict])


class TranslationVerdicts(unittest.TestCase):
    @staticmethod
    def result(key: str, **targets: list[Round]) -> RowResult:
        row = next(row for row in rows_of(key.split("-")[0], quick=False) if row.key == key)
        return RowResult(row, {target.replace("_", "-"): rounds for target, rounds in targets.items()})

    def verdicts(self, result: RowResult) -> dict[str, str]:
        return {mark.what: mark.verdict for mark in marks.marks_of([result], [])}

    def test_a_translated_get_of_many_clients_is_held_to_its_share_of_the_direct_rate(self) -> None:
        for key in ("translated-get-64B-c50-p1", "translated-get-64B-c50-p16"):
            for share, verdict in ((70.0, marks.MET), (69.0, marks.MISSED)):
                result = self.result(key, direct=[Round(9, 100.0, 1.0, 2.0)], fairlead=[Round(9, share, 1.0, 2.0)])
                self.assertEqual(self.verdicts(result), {translation.TRANSLATED_RATE.what: verdict})

    def test_a_translated_set_and_a_get_of_one_client_are_not_held_to_a_rate(self) -> None:
        for key in ("translated-set-64B-c50-p1", "translated-get-64B-c1-p1"):
            result = self.result(key, direct=[Round(9, 100.0, 1.0, 2.0)], fairlead=[Round(9, 1.0, 1.0, 2.0)])
            self.assertNotIn(translation.TRANSLATED_RATE.what, self.verdicts(result))

    def test_what_one_client_waits_longer_is_judged_for_single_requests_and_reported_for_batches(self) -> None:
        for key, added, verdict in (("translated-get-64B-c1-p1", 60.0, marks.MET),
                                    ("translated-get-64B-c1-p1", 61.0, marks.MISSED),
                                    ("translated-get-64B-c1-p16", 61.0, marks.DISTANCE)):
            result = self.result(key, direct=[Round(9, 1.0, 30.0, 2.0)], fairlead=[Round(9, 1.0, 30.0 + added, 2.0)])
            self.assertEqual(self.verdicts(result), {translation.TRANSLATED_P50.what: verdict})

    def test_a_declared_adapter_is_held_to_twice_the_cpu_of_swifts(self) -> None:
        swift = [Round(9, 1.0, 1.0, 2.0, user_microseconds=2.0, kernel_microseconds=3.0)] * 3
        for costs, verdict, close in (([10.0] * 3, marks.MET, False), ([10.1] * 3, marks.MISSED, False),
                                      ([9.0, 11.0, 9.5], marks.MET, True)):
            ours = [Round(9, 1.0, 1.0, 2.0, user_microseconds=cost, kernel_microseconds=0.0) for cost in costs]
            result = self.result("translated-set-64B-c1-p1", fairlead=ours, fairlead_swift=swift)
            judged = marks.marks_of([result], [])
            self.assertEqual([(mark.what, mark.verdict, mark.close) for mark in judged],
                             [(translation.DECLARED_CPU.what, verdict, close)])

    def test_the_embedded_store_is_held_to_half_of_redis_servers_rate_in_every_row(self) -> None:
        for row in rows_of("embedded", quick=False):
            for share, verdict in ((50.0, marks.MET), (49.0, marks.MISSED)):
                result = self.result(row.key, direct=[Round(9, 100.0, 1.0, 2.0)], fairlead=[Round(9, share, 1.0, 2.0)])
                self.assertEqual(self.verdicts(result), {translation.EMBEDDED_RATE.what: verdict})

    def test_a_row_at_which_fairlead_failed_is_missed(self) -> None:
        result = self.result("embedded-get-64B-c50-p1", direct=[Round(9, 100.0, 1.0, 2.0)], fairlead=[])
        result.failures["fairlead"] = "it ended"
        self.assertEqual(self.verdicts(result), {translation.EMBEDDED_RATE.what: marks.MISSED})

    def test_each_issues_marks_are_printed_under_its_name(self) -> None:
        passed = row_result(fairlead=[10.0], haproxy=[10.0])
        stored = self.result("embedded-get-64B-c50-p1", direct=[Round(9, 100.0, 1.0, 2.0)],
                             fairlead=[Round(9, 40.0, 1.0, 2.0)])
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            marks.print_marks(marks.marks_of([stored, passed], []))
        second, third = printed.getvalue().split("The marks of issue 3")
        self.assertIn("The marks of issue 2", second)
        self.assertIn("1.00× met", second)
        self.assertIn("0.40× MISSED", third)
        self.assertIn("0 met, 1 missed", third)


class Rows(unittest.TestCase):
    def test_a_word_chooses_rows_by_whole_parts_of_their_keys(self) -> None:
        keys = [row.key for row in rows_of("shared", False, ["get-64B-c50-p1", "shared-set-64B-c1-p16"])]
        self.assertEqual(keys, ["shared-get-64B-c50-p1", "shared-set-64B-c1-p16"])

    def test_keys_are_unique_and_quick_rows_are_a_part_of_all(self) -> None:
        every = [row.key for part in PARTS for row in rows_of(part, quick=False)]
        quick = [row.key for part in PARTS for row in rows_of(part, quick=True)]
        self.assertEqual(len(every), len(set(every)))
        self.assertLess(set(quick), set(every))


if __name__ == "__main__":
    unittest.main()
