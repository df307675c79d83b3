"""The clients of the cluster, what is done to them, and the truth of it."""
import json
import pathlib
import random
import signal

import checker
from cluster import SERVERS
from lab.processes import now, poll

INTERVAL, TIMEOUT = "500ms", "2s"


class Story:
    def __init__(self, lab, cluster, hosts):
        self._lab, self._cluster, self._hosts = lab, cluster, hosts
        self._random = random.Random(f"{lab.seed}/cluster")
        self._fleets = 0
        self._said_goodbye = {}  # client_id: whether it must be told as that
        self.log = lab.scratch / "clients.log"
        self.truth = checker.Truth()
        self.members = {}  # client_id: (fleet, member), of those that live

    def start(self, prefix, count, first=None, host=None, wait=True, **options):
        """A fleet of library clients, a process each. They know all servers, and try `first` before the others."""
        self._fleets += 1
        fleet = self._lab.fleet(None, prefix, count,
                                address=self._cluster.targets(first or SERVERS[self._fleets % len(SERVERS)]),
                                host=host or self._hosts[self._fleets % len(self._hosts)], interval=INTERVAL,
                                timeout=TIMEOUT, log=self.log, wait=wait, **options)
        for member in range(count):
            self.members[fleet.id(member)] = (fleet, member)
            self.truth.living.add(fleet.id(member))
        return fleet

    def choose(self, count, among=None):
        """Some that live, by chance."""
        return self._random.sample(self.choose_all(among), count)

    def choose_all(self, among=None):
        """All that live and were welcomed: whoever was not is known to nobody."""
        return sorted(client_id for client_id, (fleet, member) in self.members.items()
                      if (among is None or client_id in among) and fleet.slot(member)[4] != 0)

    def kill(self, client_id):
        """kill -9. Returns when that was."""
        fleet, member = self._ends(client_id)
        self.truth.killed[client_id] = now()
        fleet.kill(member, signal.SIGKILL)
        return self.truth.killed[client_id]

    def goodbye(self, client_id, sure=True):
        """SIGTERM. Not `sure`: to a server that may be unable to tell anybody."""
        fleet, member = self._ends(client_id)
        self._said_goodbye[client_id] = sure
        # Until its own log says how that went.
        self.truth.gone.add(client_id)
        fleet.kill(member, signal.SIGTERM)

    def _ends(self, client_id):
        self.truth.living.discard(client_id)
        return self.members.pop(client_id)

    def served_by(self, server):
        """The living clients that are there now, by what the servers list."""
        for name in SERVERS:
            clients = self._cluster.clients(name)
            if clients is not None:
                return [c["client_id"] for c in clients if c["server_id"] == server and c["client_id"] in self.members]
        return []

    def pause(self, low, high):
        self._lab.jitter(low, high)

    def close(self):
        """All goodbyes have been said: what the clients' logs say of them becomes the truth."""
        def confirmations():
            return {line["client_id"]: line["reason"] for line in self.client_logs() if line["state"] == "GOODBYE"}
        poll(lambda: confirmations().keys() >= self._said_goodbye.keys(), 20, "not all goodbyes have ended")
        for client_id, reason in confirmations().items():
            if reason == "CONFIRMED" and self._said_goodbye[client_id]:
                self.truth.gone.discard(client_id)
                self.truth.left.add(client_id)

    def client_logs(self):
        return [json.loads(line) for line in pathlib.Path(self.log).read_text().splitlines()]


def detection(story, victims, watcher, pause_ms):
    """kill -9 of each of them, in turn: how long until `watcher` (a fault_watcher) has the transition."""
    since = watcher.mark()
    killed = {}
    for client_id in victims:
        killed[client_id] = story.kill(client_id)
        story.pause(pause_ms / 1000, 2 * pause_ms / 1000)
    fallen = {}

    def note(events):
        for event in events[since:]:
            if event.get("client_id") in killed and event["to"] in ("SUSPECT", "DEAD"):
                fallen.setdefault(event["client_id"], event["seen"] - killed[event["client_id"]])
        return len(fallen) == len(killed)
    if not watcher.wait(note, 30):
        missing = sorted(killed.keys() - fallen.keys())
        raise RuntimeError(f"not told within 30 s: {missing}")
    return list(fallen.values())
