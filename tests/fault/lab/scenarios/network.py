"""Cables that are cut, connections that are reset, and directions that are lost."""
import heapq

from lab.processes import MS, now, poll
from lab.statistics import three
from lab.truth import Fault

PER_HOST = 3


def _set_up(lab, names):
    network = lab.network()
    server_host = network.host("server")
    server = lab.server(host=server_host)
    watcher = lab.watch(server)
    hosts = [network.host(name) for name in names]
    fleets = [lab.fleet(server, f"{name}-", PER_HOST, host=host, wait=False) for name, host in zip(names, hosts)]
    for fleet in fleets:
        fleet.wait_until_live()
    return network, server, watcher, hosts, fleets


def _in_turn(lab, fleets, length, begin, end):
    """begin(i) at a random moment for each host and end(i) `length` seconds later. [(begun, ended, dues)]"""
    agenda = [(now() + int(lab.random.uniform(0, 1e9)), i, "begin") for i in range(len(fleets))]
    heapq.heapify(agenda)
    begun, result = {}, {}
    while agenda:
        moment, i, what = heapq.heappop(agenda)
        lab.sleep(max(0, moment - now()) / 1e9)
        if what == "begin":
            before = now()
            begin(i)
            begun[i] = (before, now())  # it is in force by the second
            heapq.heappush(agenda, (before + int(length * 1e9), i, "end"))
        else:
            # What was answered last is what was heard last, unless the answer was lost with the path.
            dues = [fleets[i].deadline(m, begun[i][1]) for m in range(PER_HOST)]
            result[i] = (begun[i][0], now(), dues)
            end(i)
    return [result[i] for i in range(len(fleets))]


def _all_alive(fleets, watcher, seconds=15):
    ids = [client for fleet in fleets for client in fleet.ids()]

    def condition(events):
        last = {e["client_id"]: e["to"] for e in events if "client_id" in e}
        return all(last.get(client) == "ALIVE" for client in ids)
    return watcher.wait(condition, seconds)


def cable(lab):
    """Cables cut, at the plug and by dropping both ways, until the client is dead."""
    outcome = lab.begin("cable")
    names = [f"cable{i}" for i in range(4 if lab.quick else 8)]
    network, _, watcher, hosts, fleets = _set_up(lab, names)
    faults = []
    for turn in range(1 if lab.quick else 4):
        lab.sleep(1)

        def cut(i):
            if (i + turn) % 2:
                network.unplug(hosts[i])
            else:
                hosts[i].drop("INPUT", "OUTPUT")

        def mend(i):
            network.plug_in(hosts[i])
            hosts[i].stop_dropping()

        for i, (begun, ended, dues) in enumerate(_in_turn(lab, fleets, 2.2, cut, mend)):
            faults += [Fault("cable cut", fleets[i].id(m), "HOST_UNREACHABLE", begun, ended, dues[m])
                       for m in range(PER_HOST)]
        if not _all_alive(fleets, watcher):
            outcome.figure("clients are back once the cable is", "not all", "all", False, hard=True)
    outcome.judge(faults, watcher, now(), clients=len(names) * PER_HOST)
    outcome.expect_all_found("cable cut", "cable cut")
    outcome.expect_lateness("cable cut", "cable cut to SUSPECT, beyond the deadline", 10 * MS)
    outcome.expect_no_mistake("no client falls whose cable is whole")
    return outcome


def one_way(lab):
    """One direction lost: the client cannot be heard, or cannot hear."""
    outcome = lab.begin("one-way")
    names = [f"oneway{i}" for i in range(4 if lab.quick else 6)]
    _, _, watcher, hosts, fleets = _set_up(lab, names)
    faults = []
    for _ in range(1 if lab.quick else 3):
        lab.sleep(1)
        done = _in_turn(lab, fleets, 3.0, lambda i: hosts[i].drop("OUTPUT" if i % 2 else "INPUT"),
                        lambda i: hosts[i].stop_dropping())
        for i, (begun, ended, dues) in enumerate(done):
            kind = "lost: client to server" if i % 2 else "lost: server to client"
            # A client that hears nothing ends its stream by itself: that has no deadline.
            faults += [Fault(kind, fleets[i].id(m), "HOST_UNREACHABLE", begun, ended, dues[m] if i % 2 else None)
                       for m in range(PER_HOST)]
        if not _all_alive(fleets, watcher):
            outcome.figure("clients are back once the path is", "not all", "all", False, hard=True)
    outcome.judge(faults, watcher, now(), clients=len(names) * PER_HOST)
    outcome.expect_all_found("lost: client to server", "client to server lost")
    outcome.expect_lateness("lost: client to server", "client to server lost, beyond the deadline", 10 * MS)
    outcome.expect_no_mistake("no client falls whose path is whole")
    return outcome


def reset(lab):
    """Connections reset under clients that live on and reconnect."""
    outcome = lab.begin("reset")
    names = [f"reset{i}" for i in range(3 if lab.quick else 6)]
    _, server, watcher, hosts, fleets = _set_up(lab, names)
    faults = []
    for _ in range(3 if lab.quick else 8):
        for i, host in enumerate(hosts):
            lab.jitter(0.1, 0.3)
            losses = [fleets[i].slot(m)[6] for m in range(PER_HOST)]
            at = now()
            host.reset_connections(server.port)
            faults += [Fault("reset", fleets[i].id(m), "PROCESS_EXITED", at, at + 1000 * MS, allows=("SUSPECT",))
                       for m in range(PER_HOST)]
            poll(lambda: all(fleets[i].slot(m)[6] > losses[m] for m in range(PER_HOST)), 5,
                 "the kernel resets no connection (INET_DIAG_DESTROY)")
    lab.sleep(2)
    outcome.judge(faults, watcher, now(), clients=len(names) * PER_HOST)
    outcome.expect_no_mistake("reset, with reconnect: no false death", states=("DEAD",))
    suspicions, since = [], {}
    for event in watcher.transitions():
        if event["to"] == "SUSPECT":
            since[event["client_id"]] = event["seen"]
        elif event["to"] == "ALIVE" and event["client_id"] in since:
            suspicions.append(event["seen"] - since.pop(event["client_id"]))
    outcome.figure("reset: suspicions, refuted after", three(suspicions), "", None,
                   detail=f"{len(suspicions)} of {len(faults)} resets")
    if not _all_alive(fleets, watcher):
        outcome.figure("clients are back", "not all", "all", False, hard=True)
    return outcome
