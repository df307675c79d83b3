"""Applications that hang while their heartbeats go on."""
import signal

from lab.processes import MS, LabError, now
from lab.statistics import three
from lab.truth import Fault

INTERVAL_MS, TIMEOUT_MS, PROGRESS_MS = 200, 600, 1000


def worker(lab):
    """A worker deadlocks; the heartbeat thread of its process does not. Then it is let go."""
    outcome = lab.begin("worker")
    count = 6 if lab.quick else 20
    server = lab.server()
    watcher = lab.watch(server)
    workers = [lab.process(lab.tools / "fault_worker", server.address, f"worker-{i}", INTERVAL_MS, TIMEOUT_MS,
                           PROGRESS_MS) for i in range(count)]
    # "live 123", "stuck 456", "freed 789"
    said = [lab.listener(process, parse=str.split) for process in workers]
    _wait_for(said, "live", 30)
    lab.sleep(2)
    for process in workers:
        process.signal(signal.SIGUSR1)
        lab.jitter(0.02, 0.1)
    stuck = _wait_for(said, "stuck", 5)
    faults = [Fault("worker deadlock", f"worker-{i}", "APPLICATION_STALLED", at, due=at + PROGRESS_MS * MS)
              for i, at in enumerate(stuck)]
    watcher.wait(lambda events: sum(e.get("to_health") == "STALLED" for e in events) >= count, 5)
    lab.sleep(1)
    for process, fault in zip(workers, faults):
        fault.end = now()
        process.signal(signal.SIGUSR2)
    freed = _wait_for(said, "freed", 5)
    well = watcher.wait(lambda events: sum(e.get("from_health") == "STALLED" for e in events) >= count, 5)

    outcome.judge(faults, watcher, now(), clients=count)
    outcome.expect_all_found("worker deadlock", "worker deadlocks")
    late = [f.raw_lateness for f in outcome.findings if f.found]
    outcome.figure("worker stuck, beyond its progress deadline", three(late), "", None,
                   detail=f"pings carry progress every {INTERVAL_MS} ms")
    outcome.expect_no_mistake("a process whose worker hangs is alive")
    back = {e["client_id"]: e["seen"] for e in watcher.transitions() if e["from_health"] == "STALLED"}
    outcome.figure("workers let go are OK again", f"{len(back)} of {count}", str(count), well, hard=True,
                   detail=three([back[f"worker-{i}"] - at for i, at in enumerate(freed) if f"worker-{i}" in back]))
    return outcome


def _wait_for(said, word, seconds):
    """When each of them said it."""
    result = []
    for listener in said:
        if not listener.wait(lambda events: any(e[0] == word for e in events), seconds):
            raise LabError(f"a fault_worker is not {word}")
        result.append(next(int(e[1]) for e in listener.events if e[0] == word))
    return result
