"""Processes that stand still and go on."""
import heapq
import signal

from lab.processes import MS, now
from lab.truth import Fault

FACTORS = (0.2, 0.5, 1.5, 3, 10)


def stop(lab):
    """SIGSTOP for 0.2 to 10 times the timeout, then SIGCONT."""
    outcome = lab.begin("stop")
    each = 6 if lab.quick else 16
    rounds = 1 if lab.quick else 3
    server = lab.server()
    watcher = lab.watch(server)
    fleet = lab.fleet(server, "stop-", each * len(FACTORS))
    faults = []
    for _ in range(rounds):
        lab.sleep(1)
        faults += stop_once(lab, fleet)
        fleet_is_back(lab, fleet, watcher)
    outcome.judge(faults, watcher, now(), clients=fleet.count)
    outcome.expect_all_found("stop, longer than the timeout", "stopped beyond the timeout")
    outcome.expect_lateness("stop, longer than the timeout", "silence to SUSPECT, beyond the deadline", 10 * MS)
    outcome.expect_no_mistake("stopped for less than the timeout, or back: nobody falls")
    return outcome


def stop_once(lab, fleet):
    """Stops all members, each at a moment of its own and for its share of the timeout."""
    agenda = []
    for member in range(fleet.count):
        heapq.heappush(agenda, (now() + int(lab.random.uniform(0, 1.5e9)), member, signal.SIGSTOP))
    faults = {}
    while agenda:
        moment, member, number = heapq.heappop(agenda)
        lab.sleep(max(0, moment - now()) / 1e9)
        fleet.kill(member, number)
        at = now()
        if number == signal.SIGCONT:
            faults[member].end = at
            continue
        length = int(FACTORS[member % len(FACTORS)] * fleet.timeout)
        faults[member] = Fault("stop", fleet.id(member), "PROCESS_STOPPED", at, due=fleet.deadline(member, at))
        heapq.heappush(agenda, (at + length, member, signal.SIGCONT))
    # Less than the timeout is no fault that anybody should tell of.
    longer = [f for f in faults.values() if f.end - f.begin > fleet.timeout]
    for fault in longer:
        fault.kind = "stop, longer than the timeout"
    return longer


def fleet_is_back(lab, fleet, watcher):
    def all_alive(events):
        last = {e["client_id"]: e["to"] for e in events if "client_id" in e}
        return all(last.get(client) == "ALIVE" for client in fleet.ids())
    watcher.wait(all_alive, 10)
