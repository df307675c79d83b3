"""Processes that end: by SIGKILL, in good order, one by one."""
import signal

from lab.processes import MS, now
from lab.statistics import percentile, span, three
from lab.truth import Fault


def kill(lab):
    """SIGKILL, one victim after the other, in turns with a bare echo server's clients."""
    outcome = lab.begin("kill")
    # Few at a time: hundreds of processes are a load of their own.
    batches, batch = (2, 30) if lab.quick else (7, 30)
    count = batches * batch
    server, echo = lab.server(), lab.echo()
    watcher, bare = lab.watch(server), lab.listener(echo)
    faults, echo_killed = [], {}
    options = {"kind": "raw", "interval": "1s", "timeout": "20s", "tick": "1s"}
    for turn in range(batches):
        ours = lab.fleet(server, f"kill{turn}-", batch, **options)
        theirs = lab.fleet(echo, f"echo{turn}-", batch, **options)
        lab.sleep(1)
        for member in range(batch):
            faults.append(Fault("kill -9", ours.id(member), "PROCESS_EXITED", now()))
            ours.kill(member, signal.SIGKILL)
            lab.jitter(0.015, 0.03)
            echo_killed[theirs.id(member)] = now()
            theirs.kill(member, signal.SIGKILL)
            lab.jitter(0.015, 0.03)
    # Until each is DEAD: the verdict is final then.
    watcher.wait(lambda events: sum(e.get("to") == "DEAD" for e in events) >= count, 5)
    bare.wait(lambda events: len(events) >= count, 5)
    outcome.judge(faults, watcher, now(), clients=count)

    detection = [f.detection for f in outcome.findings if f.found]
    reference = [e["seen"] - echo_killed[e["client_id"]] for e in bare.events]
    outcome.expect_all_found("kill -9", "kill -9")
    if detection and reference:
        bound = max(10 * MS, percentile(reference, 0.99) + 4 * MS)
        outcome.figure("kill -9 to SUSPECT at a watcher", span(percentile(detection, 0.99)),
                       f"p99 <= 10 ms, or the bare echo's + 4 ms: {span(bound)}", percentile(detection, 0.99) <= bound,
                       detail=f"p50 / p99 / max {three(detection)} of {len(detection)}; bare echo {three(reference)}")
    return outcome


def beat(lab):
    """SIGKILL to real `livenessctl beat` processes."""
    outcome = lab.begin("beat")
    count = 10 if lab.quick else 40
    server = lab.server()
    watcher = lab.watch(server)
    beats = [lab.beat(server, f"beat-{i}", interval="1s", timeout="20s") for i in range(count)]
    watcher.wait(lambda events: sum(e.get("to") == "ALIVE" for e in events) >= count, 60)
    lab.sleep(0.5)
    faults = []
    for index, process in enumerate(beats):
        faults.append(Fault("kill -9", f"beat-{index}", "PROCESS_EXITED", now()))
        process.signal(signal.SIGKILL)
        lab.jitter(0.015, 0.03)
    watcher.wait(lambda events: sum(e.get("to") == "DEAD" for e in events) >= count, 5)
    outcome.judge(faults, watcher, now(), clients=count)
    outcome.expect_all_found("kill -9", "livenessctl beat, kill -9")
    return outcome


def goodbye(lab):
    """SIGTERM: a goodbye, which alerts nobody."""
    outcome = lab.begin("goodbye")
    count = 10 if lab.quick else 40
    server = lab.server()
    watcher = lab.watch(server)
    beats = [lab.beat(server, f"leave-{i}") for i in range(count)]
    watcher.wait(lambda events: sum(e.get("to") == "ALIVE" for e in events) >= count, 60)
    begun = {}
    for index, process in enumerate(beats):
        begun[f"leave-{index}"] = now()
        process.signal(signal.SIGTERM)
        lab.jitter(0.005, 0.02)
    watcher.wait(lambda events: sum(e.get("to") == "LEFT" for e in events) >= count, 10)
    codes = [process.wait(5) for process in beats]
    outcome.judge([], watcher, now(), clients=count)
    left = {e["client_id"]: e["seen"] - begun[e["client_id"]] for e in watcher.transitions()
            if e["to"] == "LEFT" and e["cause"] == "SAID_GOODBYE"}
    outcome.expect_no_mistake("SIGTERM alerts nobody")
    outcome.figure("SIGTERM is a goodbye", f"{len(left)} of {count} LEFT", str(count),
                   len(left) == count and codes == [0] * count, hard=True,
                   detail=f"p50 / p99 / max {three(list(left.values()))}")
    return outcome
