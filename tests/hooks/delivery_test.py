"""What a hook sends, and to whom. Started by ./run."""
import os
import pathlib
import shutil
import time
import unittest

from world import HERE, KEY, Receiver, World, states, until

LIFE = ["ALIVE", "SUSPECT", "DEAD"]


class Delivery(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.end)

    def hook(self, name, url, **more):
        return {"name": name, "url": url, "allow-private": True, **{key.replace("_", "-"): value for key, value in more.items()}}

    def live_and_die(self, name, *flags):
        self.world.kill(self.world.beat(name, *flags))

    def test_signed_and_valid_to_the_libraries_of_others(self):
        if not shutil.which("node") or not pathlib.Path(os.environ["NODE_PATH"], "standardwebhooks").exists():
            self.skipTest("npm cannot install cloudevents and standardwebhooks here")
        world = self.world
        ours = Receiver(world, "node", HERE / "verifier.cjs", KEY)
        other = Receiver(world, "node", HERE / "verifier.cjs", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        world.server([self.hook("ours", ours.url("/"), secret_file=str(world.folder / "key")),
                      self.hook("other", other.url("/"), secret_file=str(world.folder / "key"))],
                     "--mass-min=3", "--mass-window=20s")
        beats = [world.beat(f"team/{n} é", "--label=odd.key=\"<&>\"") for n in range(4)]
        for beat in beats:
            world.kill(beat)
        group = "liveness.v1.GroupEvent"
        told = until("all are told dead, and that they died together", lambda: (
            len([each for each in ours.requests() if each.get("subject", "").endswith("/DEAD/PROCESS_EXITED")]) == 4
            and group in {each.get("type") for each in ours.requests()} and ours.requests()))
        for each in told:
            self.assertEqual(each["error"], "", each)
            self.assertTrue(each["verified"], each)
            self.assertEqual(each["id"], each["webhookId"])
            self.assertEqual(each["specversion"], "1.0")
            self.assertRegex(each["source"], r"^/liveness/[0-9a-f]{16}$")
        self.assertEqual(len({each["id"] for each in told}), len(told))
        revisions = [int(each["data"]["revision"]) for each in told]
        self.assertEqual(revisions, sorted(revisions))
        self.assertIn("clients/team%2F0%20%C3%A9/DEAD/PROCESS_EXITED", {each["subject"] for each in told})
        until("the other receiver is told too", lambda: len(other.requests()) >= len(told))
        self.assertEqual({each["verified"] for each in other.requests()}, {False})  # it has another secret

    def test_bad_receivers_delay_no_other_and_no_heartbeat(self):
        receiver = Receiver(self.world)
        bad = ("/hang", "/reset", "/close", "/redirect", "/endless", "/header", "/slow", "/status/500", "/error-page")
        self.world.server([self.hook(f"bad-{n}", receiver.url(path)) for n, path in enumerate(bad)] +
                          [self.hook("good", receiver.url("/ok"))])
        living = [self.world.beat(f"living-{n}") for n in range(5)]
        begin = time.monotonic()
        for n in range(20):
            self.live_and_die(f"dying-{n}")
        until("the good one is told of each", lambda: all(
            states(receiver.events("/ok"), f"dying-{n}") == LIFE for n in range(20)))
        # Each of nine would have cost its timeout of ten seconds.
        self.assertLess(time.monotonic() - begin, 45)
        for path in bad:
            self.assertGreaterEqual(len(receiver.requests(path)), 1, path)
        self.assertEqual(self.world.metric('liveness_hook_deliveries_total{hook="good",result="failed"}'), 0)
        for beat in living:
            self.assertIsNone(beat.poll())
        self.assertNotIn("SUSPECT", [state for n in range(5) for state in states(receiver.events("/ok"), f"living-{n}")])

    def test_what_failed_comes_again_in_order_and_under_its_id(self):
        receiver = Receiver(self.world)
        self.world.server([self.hook("hook", receiver.url("/down/3"))])
        self.live_and_die("web-1")
        until("it was told dead", lambda: states(receiver.events(), "web-1")[-1:] == ["DEAD"])
        requests = receiver.requests()
        ids = [each["headers"]["webhook-id"] for each in requests]
        self.assertEqual(len(set(ids[:4])), 1)  # three times 500, then 200
        events = [event for event, before in zip(receiver.events(), [None, *ids]) if event["id"] != before]
        self.assertEqual(states(events, "web-1"), LIFE)
        self.assertEqual(self.world.metric('liveness_hook_deliveries_total{hook="hook",result="failed"}'), 3)

    def test_filters_and_maintenance(self):
        receiver = Receiver(self.world)
        self.world.server([self.hook("shop", receiver.url("/ok/shop"), filter="labels.team = shop"),
                           self.hook("all", receiver.url("/ok/all"), include_maintenance=True)])
        shop = self.world.beat("shop-1", "--label=team=shop")
        self.live_and_die("other-1", "--label=team=other")
        self.world.ctl("maintenance", "set", "shop-1", "--for=1h")
        self.world.kill(shop)
        until("all is told to who wants all", lambda: states(receiver.events("/ok/all"), "shop-1")[-1:] == ["DEAD"])
        self.live_and_die("shop-2", "--label=team=shop")
        until("the next one of the shop dies", lambda: states(receiver.events("/ok/shop"), "shop-2")[-1:] == ["DEAD"])
        self.assertEqual(states(receiver.events("/ok/shop"), "shop-1"), ["ALIVE"])  # and in maintenance nothing
        self.assertEqual(states(receiver.events("/ok/shop"), "other-1"), [])
        self.assertGreaterEqual(self.world.metric('liveness_hook_events_silenced_total{hook="shop"}'), 2)
        self.assertIn("DEAD", self.world.ctl("transitions", "--filter=client_id = shop-1"))  # recorded

    def test_a_command_is_told(self):
        script = self.world.folder / "told.sh"
        script.write_text('#!/bin/sh\nprintf "%s %s %s\\n" "$LIVENESS_CLIENT_ID" "$LIVENESS_STATE" "$LIVENESS_CAUSE" >> "$1"\n'
                          'grep -q specversion || exit 9\n')
        script.chmod(0o755)
        told = self.world.folder / "told"
        self.world.server([{"name": "run", "command": [str(script), str(told)]}])
        self.live_and_die("web-1")
        until("it was told dead", lambda: told.exists() and "DEAD" in told.read_text())
        self.assertEqual(told.read_text(), "web-1 ALIVE \nweb-1 SUSPECT PROCESS_EXITED\nweb-1 DEAD PROCESS_EXITED\n")
        until("the last of three has ended, and was counted",
              lambda: self.world.metric('liveness_hook_deliveries_total{hook="run",result="taken"}') == 3)
