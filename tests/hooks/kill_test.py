"""A server that is killed at any moment of a mass failure: what a watch saw of it, hooks are told. Started by ./run."""
import json
import random
import time
import unittest

from world import Receiver, World, until

ROUNDS = 6
CLIENTS = 10


def groups_seen(process):
    """The group events that a `watch -o json` wrote: scope and revision."""
    seen = set()
    for line in process.log.read_text().splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # half a line
        if "group" in told:
            seen.add((told["group"]["scope"], told["group"]["revision"]))
    return seen


class Kill(unittest.TestCase):
    def test_a_group_event_that_a_watch_saw_is_delivered(self):
        seed = random.randrange(1_000_000)
        dice = random.Random(seed)
        with World() as world:
            receiver = Receiver(world)
            hooks = [{"name": "hook", "url": receiver.url(), "allow-private": True}]
            saw = 0
            for turn in range(ROUNDS):
                world.server(hooks, "--restart-grace=1s", "--keep-dead=1s")
                watch = world.start(*world.watch_words())
                beats = [world.beat(f"web-{turn}-{n}") for n in range(CLIENTS)]
                until("the watch follows", lambda: f"web-{turn}-{CLIENTS - 1}" in watch.log.read_text())
                for beat in beats[:7]:
                    beat.kill()
                # Between the first suspicion and some moments after the event.
                time.sleep(dice.uniform(0, 0.05))
                world.kill(world.process)
                time.sleep(0.2)  # what came through the wire is written
                seen = groups_seen(watch)
                saw += len(seen)
                world.server(hooks, "--restart-grace=1s", "--keep-dead=1s")
                told = lambda: {(event["data"]["scope"], event["data"]["revision"]) for event in receiver.events()
                                if event["type"] == "liveness.v1.GroupEvent"}
                until(f"{seen} is delivered (seed {seed}, turn {turn})", lambda: seen <= told())
                for process in beats + [watch]:
                    if process.poll() is None:
                        process.kill()
                world.kill(world.process)
            self.assertGreater(saw, 0, f"no turn came so far as an event (seed {seed})")


if __name__ == "__main__":
    unittest.main()
