"""Tests of the parts that compare Fairlead's features: what each target is configured with, and the mark."""

import unittest
from unittest import mock

from harness import marks
from harness.marks.mark import DISTANCE, MET, MISSED
from harness.parts import FAIRLEAD, PARTS, ROUTES, SHADOW, SHADOW_ALL, UNRECORDED
from harness.results import Round, RowResult
from harness.rows import rows_of

WIRES = ("redis", "postgres", "s3")


class Targets(unittest.TestCase):
    def configuration(self, wire: str, target: str) -> str:
        with mock.patch("harness.fairlead.serve_configured") as serve:
            PARTS[f"features-{wire}"][target].peer.start(mock.sentinel.site, wire, 1234)
        return serve.call_args.args[2]

    def test_what_they_are_compared_with_is_configured_alike(self) -> None:
        for wire in WIRES:
            plain = self.configuration(wire, FAIRLEAD).splitlines()
            bare = self.configuration(wire, UNRECORDED).splitlines()
            self.assertEqual(bare, ["usage: { enabled: false }", *plain])

    def test_each_target_has_its_own_feature_and_no_other(self) -> None:
        features = {UNRECORDED: "usage: { enabled: false }", SHADOW: "share: 10%", SHADOW_ALL: "share: 100%",
                    ROUTES: "deny:"}
        for wire in WIRES:
            for target in PARTS[f"features-{wire}"].keys() & features.keys():
                text = self.configuration(wire, target)
                self.assertEqual([name for name, feature in features.items() if feature in text], [target], wire)
                self.assertIn(f"protocol: {wire}", text)
                # The port is filled in by who starts it.
                self.assertEqual(text.count("{port}"), 1)
                self.assertEqual(text.count("127.0.0.1:1234"), 2)
                # Without shared connections one client cannot have several backends.
                self.assertEqual("mode: shared" in text, target == ROUTES)


class FeatureMarks(unittest.TestCase):
    def verdicts(self, **rates: float) -> dict[str, str]:
        row = rows_of("features-redis", quick=False)[0]
        result = RowResult(row, {target.replace("_", "-"): [Round(9, rate, 1.0, 2.0)] * 3 for target, rate in rates.items()})
        return {mark.what: mark.verdict for mark in marks.marks_of([result], [])}

    def test_recording_usage_is_held_to_three_percent_of_the_rate(self) -> None:
        what = "usage recorded: rate ≥ 0.97×"
        self.assertEqual(self.verdicts(fairlead=97.0, fairlead_unrecorded=100.0)[what], MET)
        self.assertEqual(self.verdicts(fairlead=96.0, fairlead_unrecorded=100.0)[what], MISSED)

    def test_other_features_are_compared_and_not_judged(self) -> None:
        self.assertEqual(self.verdicts(fairlead=100.0, fairlead_unrecorded=100.0, fairlead_shadow=50.0)[SHADOW], DISTANCE)

    def test_a_run_without_the_target_has_no_mark(self) -> None:
        self.assertEqual(self.verdicts(fairlead=100.0), {})


if __name__ == "__main__":
    unittest.main()
