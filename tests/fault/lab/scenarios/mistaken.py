"""Lossy paths under clients that live: each death told there is a mistake."""
import json

from lab.bystanders import ctl, tell
from lab.processes import MS, now
from lab.statistics import span, three
from lab.truth import mistakes

MEMBERS = 50
TIMEOUT = "1s"
INTERVAL = "333ms"
# The share lost each way -> the false deaths allowed a minute. Without a second connection there were 2 to 5 and
# 248 to 288.
PATHS = {0.10: 0, 0.30: 25}
LONGEST = 2000 * MS
SEEDS = 5
SECONDS = 60


def loss(lab):
    """10 and 30 % loss each way under 50 clients that live: false deaths, and how long they are believed."""
    outcome = lab.begin("loss")
    seconds = 20 if lab.quick else SECONDS
    network = lab.network()
    server_host = network.host("server")
    server = lab.server(host=server_host)
    watcher = lab.watch(server)
    found = {rate: [] for rate in PATHS}
    for run in range(1 if lab.quick else SEEDS):
        fleets, forwarders = [], []
        for index, rate in enumerate(PATHS):
            # Each path has packets of its own to lose.
            number = run * len(PATHS) + index
            host = network.lone_host(f"lossy{number}")
            forwarders.append(lab.path(host, server_host, number))
            fleets.append(lab.fleet(server, f"lossy{number}-", MEMBERS, processes=2, host=host, interval=INTERVAL,
                                    timeout=TIMEOUT, address=f"10.78.{number}.1:{server.port}"))
        for forwarder, rate in zip(forwarders, PATHS):
            tell(forwarder, json.dumps({"delay_ms": 5, "loss": rate}))
        lab.sleep(seconds)
        wrong = mistakes([], watcher.transitions(), now())
        for fleet, rate in zip(fleets, PATHS):
            found[rate].append([m for m in wrong if m.client_id.startswith(fleet.prefix)])
        for thing in (*fleets, *forwarders):
            thing.end()
    if watcher.broken():
        outcome.figure("the watch", "broke", "unbroken", False, hard=True, detail=str(watcher.broken()[0]))
    for rate, allowed in PATHS.items():
        _tell(outcome, rate, allowed * seconds / 60, found[rate])
    return outcome


def slower(lab):
    """The round trip of 50 clients grows from 10 to 300 ms: nothing is lost, and no connection is opened for it."""
    outcome = lab.begin("slower")
    network = lab.network()
    server_host, client_host = network.host("server"), network.lone_host("slower")
    server = lab.server(host=server_host)
    watcher = lab.watch(server)
    forwarder = lab.path(client_host, server_host, 0)
    lab.fleet(server, "slower-", MEMBERS, processes=2, host=client_host, interval=INTERVAL, timeout=TIMEOUT,
              address=f"10.78.0.1:{server.port}")
    tell(forwarder, json.dumps({"delay_ms": 5}))
    lab.sleep(5)
    before = _connections(lab, server)
    tell(forwarder, json.dumps({"delay_ms": 150}))
    lab.sleep(10 if lab.quick else 25)
    opened = _connections(lab, server) - before
    outcome.clients += MEMBERS
    outcome.mistakes += mistakes([], watcher.transitions(), now())
    # One is the question's own, and the canary's come and go.
    outcome.figure("a path that grows slow: connections more", str(opened), f"<= {MEMBERS // 4}", opened <= MEMBERS // 4)
    outcome.figure("a path that grows slow: mistakes", str(len(outcome.mistakes)), "0", not outcome.mistakes)
    return outcome


def _connections(lab, server):
    told = json.loads(ctl(lab, server, "server", "info", "-o", "json").stdout)
    return int(told["listener"]["accepted_count"])


def _tell(outcome, rate, allowed, runs):
    outcome.clients += MEMBERS * len(runs)
    wrong = [m for run in runs for m in run]
    outcome.mistakes += wrong
    dead = [sum(m.state == "DEAD" for m in run) for run in runs]
    longest = max((m.duration for m in wrong), default=0)
    outcome.figure(f"{rate:.0%} loss each way: false deaths", ", ".join(map(str, dead)), f"<= {allowed:.0f} each",
                   max(dead) <= allowed, detail=f"{len(wrong) - sum(dead)} suspicions refuted; believed for "
                                                f"{three([m.duration for m in wrong])}")
    outcome.figure(f"{rate:.0%} loss each way: longest mistake", span(longest), f"< {span(LONGEST)}",
                   longest < LONGEST)
