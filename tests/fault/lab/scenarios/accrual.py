"""Accrual detection against a fixed timeout: mistakes against the time to detection, on a mix of paths."""
import json
import math
import signal

from lab.processes import now
from lab.statistics import span
from lab.truth import Fault, findings, mistakes

# The mix; each setting must serve all of it.
PATHS = {
    "clean": {},
    "10 % loss": {"delay_ms": 5, "loss": 0.10},
    "Pareto jitter": {"delay_ms": 5, "pareto_ms": 10, "alpha": 1.5},
}
MEMBERS = 4  # of each setting, on each path
FIXED = ("300ms", "400ms", "550ms", "800ms", "1200ms")
ACCRUAL = (1, 2, 4, 8, 12)
# An accrual detector's own timeout only bounds it.
ACCRUAL_BOUND = "4s"


def accrual(lab):
    """Accrual against fixed, over clean, lossy and jittery paths: mistakes against T_D."""
    outcome = lab.begin("accrual")
    warm_up, seconds = (5, 12) if lab.quick else (15, 90)
    network = lab.network()
    server_host = network.host("server")
    # Suspicions count; deaths would end what is measured.
    server = lab.server("--resume-grace=60s", host=server_host)
    watcher = lab.watch(server)
    settings = ([(f"fixed {timeout}", timeout, 0) for timeout in FIXED]
                + [(f"accrual {phi}", ACCRUAL_BOUND, phi) for phi in ACCRUAL])
    fleets = []
    for number, (path, behaviour) in enumerate(PATHS.items()):
        host = network.lone_host(f"mix{number}")
        forwarder = lab.path(host, server_host, number)
        for index, (_, timeout, phi) in enumerate(settings):
            fleets.append((index, lab.fleet(server, f"mix{number}-{index}-", MEMBERS, processes=1, kind="raw",
                                            host=host, address=f"10.78.{number}.1:{server.port}", timeout=timeout,
                                            phi=phi, wait=False)))
        for _, fleet in fleets[-len(settings):]:
            fleet.wait_until_live()
        forwarder.popen.stdin.write(json.dumps(behaviour) + "\n")
        forwarder.popen.stdin.flush()
    lab.sleep(warm_up)
    begin, mark = now(), watcher.mark()
    lab.sleep(seconds)
    end = now()
    faults = _stop_all(lab, fleets)
    lab.sleep(5)

    told = watcher.transitions(mark)
    minutes = MEMBERS * len(PATHS) * (end - begin) / 60e9
    curve = []
    for index, (name, _, phi) in enumerate(settings):
        mine = [f"mix{number}-{index}-" for number in range(len(PATHS))]
        of_mine = [e for e in told if any(e["client_id"].startswith(p) for p in mine)]
        wrong = mistakes([], [e for e in of_mine if e["seen"] <= end], end)
        found = [f for f in findings([f for i, f in faults if i == index], of_mine) if f.found]
        if found:
            curve.append((name, phi, sum(f.detection for f in found) / len(found), len(wrong) / minutes))
    _compare(outcome, curve)
    outcome.table("Accrual against fixed", ("setting", "mean T_D", "mistakes a client and minute"),
                  [(name, span(detection), f"{rate:.2f}") for name, _, detection, rate in curve])
    if watcher.broken():
        outcome.figure("the watch", "broke", "unbroken", False, hard=True, detail=str(watcher.broken()[0]))
    return outcome


def _stop_all(lab, fleets):
    faults = []
    for index, fleet in lab.random.sample(fleets, len(fleets)):
        at = now()
        fleet.kill(0, signal.SIGSTOP)  # all of its members: they are one process
        faults += [(index, Fault("stop", client, "PROCESS_STOPPED", at)) for client in fleet.ids()]
        lab.jitter(0.01, 0.05)
    return faults


def _fixed_at(fixed, detection):
    """Fixed's rate of mistakes at that T_D: between its points along a straight line in the logarithm."""
    for (low_t, low_rate), (high_t, high_rate) in zip(fixed, fixed[1:]):
        if low_t <= detection <= high_t:
            share = (detection - low_t) / max(1, high_t - low_t)
            low, high = (math.log(rate + 0.01) for rate in (low_rate, high_rate))
            return math.exp(low + share * (high - low)) - 0.01
    return None


def _compare(outcome, curve):
    fixed = sorted((detection, rate) for _, phi, detection, rate in curve if not phi)
    above, compared = [], 0
    for name, phi, detection, rate in curve:
        other = _fixed_at(fixed, detection) if phi else None
        if other is None:
            continue
        compared += 1
        if rate > other:
            above.append(f"{name}: {rate:.2f}, fixed {other:.2f} at {span(detection)}")
    outcome.figure("accrual's mistakes below fixed's at the same T_D", f"{compared - len(above)} of {compared} points",
                   "all", bool(compared) and not above,
                   detail="; ".join(above) or ("" if compared else "no accrual point lies in fixed's range of T_D"))
