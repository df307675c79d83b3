"""Applications that hang while their heartbeats go on."""
import signal

from lab.processes import now
from lab.truth import Fault


def worker(lab):
    """A worker deadlocks; the heartbeat thread of its process does not."""
    outcome = lab.begin("worker")
    program = lab.tools / "fault_worker"
    if not program.exists():
        outcome.note("left out: there is no fault_worker in this build")
        return outcome
    count = 6 if lab.quick else 20
    server = lab.server()
    watcher = lab.watch(server)
    workers = [lab.process(program, f"--server={server.address}", f"--id=worker-{i}") for i in range(count)]
    watcher.wait(lambda events: sum(e.get("to") == "ALIVE" for e in events) >= count, 60)
    lab.sleep(2)
    faults = []
    for i, process in enumerate(workers):
        faults.append(Fault("worker deadlock", f"worker-{i}", "APPLICATION_STALLED", now()))
        process.signal(signal.SIGUSR1)
        lab.jitter(0.02, 0.1)
    watcher.wait(lambda events: sum(e.get("to_health") == "STALLED" for e in events) >= count, 15)
    lab.sleep(1)
    outcome.judge(faults, watcher, now(), clients=count)
    outcome.expect_all_found("worker deadlock", "worker deadlocks")
    outcome.expect_no_mistake("a stalled worker is alive")
    return outcome
