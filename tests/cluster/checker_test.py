#!/usr/bin/env python3
"""The checker itself: a good story passes, and each way in which a cluster might lie is caught."""
import copy
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import checker  # noqa: E402
from checker import Truth, Watch  # noqa: E402


def record(client_id, revision, state, incarnation, server="s1", cause="UNSPECIFIED"):
    return {"client_id": client_id, "incarnation": str(incarnation), "state": f"STATE_{state}", "health": "HEALTH_OK",
            "cause": f"CAUSE_{cause}", "server_id": server, "revision": str(revision), "attachment": "1"}


def line(client_id, revision, was, to, incarnation, seen=None, **more):
    return {"seen": revision if seen is None else seen,
            "transition": {"client_id": client_id, "revision": str(revision), "incarnation": str(incarnation),
                           "from_state": f"STATE_{was}", "to_state": f"STATE_{to}",
                           "from_health": "HEALTH_UNSPECIFIED" if was == "UNSPECIFIED" else "HEALTH_OK",
                           "to_health": "HEALTH_OK", "cause": f"CAUSE_{more.get('cause', 'UNSPECIFIED')}",
                           "client": record(client_id, revision, to, incarnation, **more)}}


class Story:
    """Three clients on two servers: one lives and moves, one is killed at 30, one leaves. Times are revisions."""

    def __init__(self):
        lines = [{"seen": 5, "snapshot_done": {"clients": 0, "revision": "5", "history_id": "h"}},
                 line("lives", 10, "UNSPECIFIED", "ALIVE", 10),
                 line("dies", 11, "UNSPECIFIED", "ALIVE", 11),
                 line("leaves", 12, "UNSPECIFIED", "ALIVE", 12),
                 line("lives", 20, "ALIVE", "SUSPECT", 10, cause="SERVER_LOST"),
                 line("lives", 21, "SUSPECT", "ALIVE", 10, server="s2"),
                 line("leaves", 25, "ALIVE", "LEFT", 12, cause="SAID_GOODBYE"),
                 line("dies", 31, "ALIVE", "SUSPECT", 11, cause="PROCESS_EXITED"),
                 line("dies", 32, "SUSPECT", "DEAD", 11, cause="PROCESS_EXITED")]
        self.watches = [Watch("watch of s1", lines), Watch("watch of s2", copy.deepcopy(lines))]
        self.truth = Truth(killed={"dies": 30}, left={"leaves"}, living={"lives"})
        self.logs = [{"t": 10, "client_id": "lives", "state": "LIVE", "incarnation": 10},
                     {"t": 11, "client_id": "dies", "state": "LIVE", "incarnation": 11},
                     {"t": 12, "client_id": "leaves", "state": "LIVE", "incarnation": 12},
                     {"t": 19, "client_id": "lives", "state": "LOST", "incarnation": 10},
                     {"t": 21, "client_id": "lives", "state": "LIVE", "incarnation": 10}]
        final = [record("lives", 21, "ALIVE", 10, server="s2"), record("dies", 32, "DEAD", 11, cause="PROCESS_EXITED"),
                 record("leaves", 25, "LEFT", 12, cause="SAID_GOODBYE")]
        self.finals = {"s1": final, "s2": copy.deepcopy(final)}

    def everywhere(self, *more):
        """All watches tell this as well."""
        for watch in self.watches:
            watch.lines += copy.deepcopy(list(more))

    def broken(self):
        found = checker.check(self.truth, self.watches, self.logs, self.finals)
        return {rule for rule, wrong in found.items() if wrong}


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.story = Story()

    def test_a_good_story_passes(self):
        self.assertEqual(self.story.broken(), set())

    def test_what_differs_by_nature_is_no_lie(self):
        self.story.finals["s2"][0].update({"attachment": "7", "rtt": "0.001s"})
        self.assertEqual(self.story.broken(), set())

    def test_a_false_death(self):
        self.story.everywhere(line("lives", 40, "ALIVE", "DEAD", 10, server="s2", cause="NOT_RETURNED"))
        self.assertIn("no false death", self.story.broken())

    def test_a_death_before_the_kill_is_false(self):
        self.story.truth.killed["dies"] = 33
        self.assertIn("no false death", self.story.broken())

    def test_a_death_in_place_of_a_goodbye_is_false(self):
        for watch in self.story.watches:
            watch.lines[6]["transition"]["to_state"] = "STATE_DEAD"
        self.assertIn("no false death", self.story.broken())
        self.assertIn("each end is told once on each watch", self.story.broken())

    def test_unless_nobody_could_know_of_the_goodbye(self):
        self.story.truth.left.clear()
        self.story.truth.gone.add("leaves")
        self.assertEqual(self.story.broken(), set())
        for watch in self.story.watches:
            watch.lines[6]["transition"]["to_state"] = "STATE_DEAD"
        self.assertNotIn("no false death", self.story.broken())
        for watch in self.story.watches:
            del watch.lines[6]
        self.assertIn("each end is told once on each watch", self.story.broken())

    def test_a_death_that_one_watch_does_not_tell(self):
        del self.story.watches[1].lines[-1]
        self.assertIn("each end is told once on each watch", self.story.broken())
        self.assertIn("no transition is lost", self.story.broken())

    def test_a_death_that_nobody_tells(self):
        for watch in self.story.watches:
            del watch.lines[-1]
        self.assertIn("each end is told once on each watch", self.story.broken())

    def test_a_death_that_is_told_twice(self):
        self.story.watches[0].lines.append(copy.deepcopy(self.story.watches[0].lines[-1]))
        self.assertIn("each end is told once on each watch", self.story.broken())
        self.assertIn("each watch is whole", self.story.broken())

    def test_two_deaths_of_one_incarnation(self):
        self.story.everywhere(line("dies", 40, "DEAD", "ALIVE", 11), line("dies", 41, "ALIVE", "DEAD", 11))
        self.assertIn("each end is told once on each watch", self.story.broken())

    def test_an_incarnation_that_goes_back(self):
        self.story.everywhere(line("lives", 40, "ALIVE", "ALIVE", 9, server="s2"))
        self.assertIn("incarnations grow", self.story.broken())

    def test_an_incarnation_that_goes_back_for_the_client(self):
        self.story.logs.append({"t": 40, "client_id": "lives", "state": "LIVE", "incarnation": 9})
        self.assertIn("incarnations grow", self.story.broken())

    def test_two_truths_of_one_revision(self):
        self.story.watches[1].lines[5]["transition"]["client"]["server_id"] = "s1"
        self.assertIn("one truth per incarnation", self.story.broken())

    def test_two_causes_of_one_death(self):
        self.story.watches[1].lines[-1]["transition"]["cause"] = "CAUSE_NOT_RETURNED"
        self.assertIn("one truth per incarnation", self.story.broken())

    def test_a_list_that_holds_another_truth_than_was_told(self):
        for final in self.story.finals.values():
            final[0]["server_id"] = "s1"
        self.assertIn("one truth per incarnation", self.story.broken())
        self.assertIn("lists and replays are equal", self.story.broken())

    def test_a_transition_that_one_watch_lacks(self):
        # One that breaks no chain of its own: the client moved, that is all.
        self.story.everywhere(line("lives", 40, "ALIVE", "ALIVE", 10, server="s1"),
                              line("lives", 41, "ALIVE", "ALIVE", 10, server="s2"))
        for final in self.story.finals.values():
            final[0]["revision"] = "41"
        self.assertEqual(self.story.broken(), set())
        del self.story.watches[0].lines[-2]
        self.assertEqual(self.story.broken(), {"no transition is lost"})

    def test_a_transition_that_no_watch_has(self):
        for watch in self.story.watches:
            del watch.lines[4]
        self.assertIn("each watch is whole", self.story.broken())

    def test_a_gap(self):
        self.story.watches[0].lines.insert(4, {"seen": 15, "gap": {"after_revision": "12", "resumes_at_revision": "20"}})
        self.assertIn("each watch is whole", self.story.broken())

    def test_revisions_out_of_order(self):
        lines = self.story.watches[0].lines
        lines[1], lines[2] = lines[2], lines[1]
        self.assertIn("each watch is whole", self.story.broken())

    def test_final_lists_that_differ(self):
        del self.story.finals["s2"][1]
        self.assertIn("lists and replays are equal", self.story.broken())

    def test_a_living_client_that_is_suspect_for_ever(self):
        self.story.everywhere(line("lives", 40, "ALIVE", "SUSPECT", 10, server="s2"))
        for final in self.story.finals.values():
            final[0].update({"state": "STATE_SUSPECT", "revision": "40"})
        self.assertEqual(self.story.broken(), {"it ends as it is"})

    def test_a_session_that_was_forgotten(self):
        self.story.logs.append({"t": 40, "client_id": "lives", "state": "LIVE", "incarnation": 40})
        self.assertEqual(self.story.broken(), {"it ends as it is"})

    def test_a_client_that_nobody_started(self):
        for watch in self.story.watches:
            watch.lines.append(line("ghost", 40, "UNSPECIFIED", "ALIVE", 40))
        for final in self.story.finals.values():
            final.append(record("ghost", 40, "ALIVE", 40))
        self.assertEqual(self.story.broken(), {"it ends as it is"})

    def test_a_watch_that_began_later_owes_nothing_of_before(self):
        later = Watch("late", [{"seen": 26, "client": record("lives", 21, "ALIVE", 10, server="s2")},
                               {"seen": 26, "client": record("dies", 11, "ALIVE", 11)},
                               {"seen": 26, "client": record("leaves", 25, "LEFT", 12, cause="SAID_GOODBYE")},
                               {"seen": 26, "snapshot_done": {"clients": 3, "revision": "26", "history_id": "h"}},
                               *copy.deepcopy(self.story.watches[0].lines[-2:])])
        self.assertEqual(checker.same_transitions([*self.story.watches, later]), [])
        self.assertEqual(checker.watch_is_whole(later), [])
        self.assertEqual(checker.finals_agree([later], self.story.finals), [])


if __name__ == "__main__":
    unittest.main()
