"""Streams that end without goodbye on connections that live on."""
import signal

from lab.processes import now
from lab.truth import Fault


def closed(lab):
    """Streams cancelled or half-closed without goodbye; their connections live."""
    outcome = lab.begin("closed")
    count = 10 if lab.quick else 40
    server = lab.server()
    watcher = lab.watch(server)
    fleet = lab.fleet(server, "closed-", count, kind="raw")
    lab.sleep(0.5)
    faults = []
    for member in range(count):
        kind, number = (("stream cancelled", signal.SIGUSR1), ("stream half-closed", signal.SIGUSR2))[member % 2]
        faults.append(Fault(kind, fleet.id(member), "STREAM_CLOSED", now()))
        fleet.kill(member, number)
        lab.jitter(0.02, 0.04)
    watcher.wait(lambda events: sum(e.get("to") == "DEAD" for e in events) >= count, 5)
    outcome.judge(faults, watcher, now(), clients=count)
    for kind in ("stream cancelled", "stream half-closed"):
        outcome.expect_all_found(kind, kind)
    return outcome
