#!/usr/bin/env python3
"""The lab's own judgement: what is a finding, what is a mistake, how curves and percentiles are read."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab import report, truth  # noqa: E402
from lab.scenarios.accrual import _fixed_at  # noqa: E402
from lab.statistics import percentile  # noqa: E402
from lab.truth import MS, Fault  # noqa: E402


def event(ms, to, was="ALIVE", client="a", cause="UNKNOWN", **more):
    return {"seen": ms * MS, "client_id": client, "from": was, "to": to, "from_health": "OK", "to_health": "OK",
            "cause": cause, "credited": 0, **more}


class FindingsTest(unittest.TestCase):
    def test_a_fault_is_found_by_the_first_word_and_judged_by_the_last(self):
        told = [event(0, "ALIVE", ""), event(110, "SUSPECT"), event(210, "DEAD", "SUSPECT", cause="PROCESS_EXITED")]
        (found,) = truth.findings([Fault("kill -9", "a", "PROCESS_EXITED", 100 * MS)], told)
        self.assertEqual(found.detection, 10 * MS)
        self.assertEqual(found.final["cause"], "PROCESS_EXITED")

    def test_what_was_told_before_it_or_after_its_end_is_not_of_it(self):
        told = [event(90, "SUSPECT"), event(95, "ALIVE", "SUSPECT"), event(400, "SUSPECT")]
        (found,) = truth.findings([Fault("stop", "a", "PROCESS_STOPPED", 100 * MS, end=300 * MS)], told)
        self.assertFalse(found.found)

    def test_each_of_two_faults_has_its_own(self):
        told = [event(110, "SUSPECT"), event(150, "ALIVE", "SUSPECT"), event(210, "SUSPECT")]
        first, second = truth.findings([Fault("stop", "a", "X", 100 * MS), Fault("stop", "a", "X", 200 * MS)], told)
        self.assertEqual((first.detection, second.detection), (10 * MS, 10 * MS))

    def test_credit_is_taken_off_the_lateness(self):
        told = [event(700, "SUSPECT", credited=60 * MS)]
        (found,) = truth.findings([Fault("stop", "a", "X", 100 * MS, due=630 * MS)], told)
        self.assertEqual((found.lateness, found.raw_lateness), (10 * MS, 70 * MS))

    def test_a_deadlock_is_found_by_health(self):
        told = [event(110, "ALIVE", to_health="STALLED", cause="APPLICATION_STALLED")]
        (found,) = truth.findings([Fault("worker deadlock", "a", "APPLICATION_STALLED", 100 * MS)], told)
        self.assertTrue(found.found)


class MistakesTest(unittest.TestCase):
    def test_a_fall_without_a_fault_is_one_with_its_duration(self):
        told = [event(100, "SUSPECT"), event(150, "ALIVE", "SUSPECT")]
        (wrong,) = truth.mistakes([], told, 1000 * MS)
        self.assertEqual((wrong.state, wrong.duration), ("SUSPECT", 50 * MS))

    def test_a_suspicion_that_became_a_death_is_one_and_lasts_from_the_suspicion(self):
        told = [event(100, "SUSPECT"), event(200, "DEAD", "SUSPECT"), event(350, "ALIVE", "DEAD")]
        (wrong,) = truth.mistakes([], told, 1000 * MS)
        self.assertEqual((wrong.state, wrong.duration), ("DEAD", 250 * MS))

    def test_a_fall_during_the_fault_is_none_and_one_long_after_it_is(self):
        fault = Fault("stop", "a", "X", 50 * MS, end=120 * MS)
        self.assertEqual(truth.mistakes([fault], [event(100, "SUSPECT")], 1000 * MS), [])
        self.assertEqual(truth.mistakes([fault], [event(140, "SUSPECT")], 1000 * MS), [])  # was on its way
        self.assertEqual(len(truth.mistakes([fault], [event(200, "SUSPECT")], 1000 * MS)), 1)

    def test_another_clients_fault_excuses_nothing(self):
        fault = Fault("stop", "b", "X", 50 * MS)
        self.assertEqual(len(truth.mistakes([fault], [event(100, "SUSPECT")], 1000 * MS)), 1)

    def test_a_reset_excuses_a_suspicion_but_no_death(self):
        fault = Fault("reset", "a", "X", 50 * MS, allows=("SUSPECT",))
        told = [event(100, "SUSPECT"), event(200, "DEAD", "SUSPECT")]
        self.assertEqual([m.state for m in truth.mistakes([fault], told, 1000 * MS)], ["DEAD"])


class NumbersTest(unittest.TestCase):
    def test_percentiles_are_nearest_ranks(self):
        self.assertEqual(percentile(range(1, 201), 0.99), 198)
        self.assertEqual(percentile(range(1, 201), 0.5), 100)
        self.assertEqual(percentile([7], 0.99), 7)

    def test_the_fixed_curve_is_read_between_its_points_only(self):
        curve = [(100, 9.99), (300, 0.09)]
        self.assertAlmostEqual(_fixed_at(curve, 200), 0.99, places=2)
        self.assertIsNone(_fixed_at(curve, 301))

    def test_an_untold_fault_is_wrong_in_the_matrix(self):
        outcome = report.Outcome("x")
        outcome.findings = truth.findings([Fault("stop", "a", "PROCESS_STOPPED", 1)], [])
        (figure,) = report.cause_figures(report.confusion([outcome]))
        self.assertIs(figure.met, False)
        outcome.expect_all_found("stop", "stopped")
        self.assertTrue(outcome.figures[0].hard and outcome.figures[0].met is False)


if __name__ == "__main__":
    unittest.main()
