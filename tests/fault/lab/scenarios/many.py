"""A thousand at once, watchers that do not read, and two under one name."""
import os
import signal

from lab.processes import MS, now
from lab.statistics import percentile, span, three
from lab.truth import Fault


def mass(lab):
    """1,000 clients in 200 processes killed at once."""
    outcome = lab.begin("mass")
    count, processes = (300, 60) if lab.quick else (1000, 200)
    server = lab.server()
    watcher = lab.watch(server)
    fleet = lab.fleet(server, "mass-", count, processes=processes, interval="2s", timeout="20s", tick="200ms")
    bystanders = lab.fleet(server, "bystander-", 100, processes=4, interval="500ms", timeout="1500ms", tick="100ms")
    lab.sleep(3)
    members = {}
    for member in range(count):
        members.setdefault(fleet.pid_of(member), []).append(member)
    faults = []
    for pid, of_pid in members.items():
        at = now()
        os.kill(pid, signal.SIGKILL)
        faults += [Fault("kill -9, many at once", fleet.id(m), "PROCESS_EXITED", at) for m in of_pid]
    watcher.wait(lambda events: sum(e.get("to") == "DEAD" for e in events) >= count, 30)
    lab.sleep(1)
    outcome.judge(faults, watcher, now(), clients=bystanders.count)
    outcome.expect_all_found("kill -9, many at once", f"{count} killed at once")
    told = [f.suspect["seen"] for f in outcome.findings if f.found]
    if told:
        spread = max(told) - min(told)
        outcome.figure(f"{count} killed at once, all told after the first", span(spread), "<= 1 s",
                       spread <= 1000 * MS,
                       detail=f"{processes} processes; last told {span(max(told) - faults[0].begin)} after the "
                              "first kill")
    outcome.expect_no_mistake("bystanders of a mass failure do not fall")
    groups = [e for e in watcher.events if "group" in e]
    deaths = [e for e in watcher.transitions() if e["to"] == "DEAD"]
    # As they came, which may be in one message, and by their place in history.
    before = (bool(groups) and bool(deaths) and groups[0]["seen"] <= min(e["seen"] for e in deaths)
              and groups[0]["revision"] < min(e["revision"] for e in deaths))
    outcome.figure("a group event is told before any death", "yes" if before else "no" if groups else "none told",
                   "yes", before, hard=True, detail=", ".join(f"{e['group']}: {e['affected']} of {e['members']}"
                                                              for e in groups[:4]))
    scopes = [e["group"] for e in groups]
    outcome.figure("each mass failure is told once", str(len(scopes)), str(len(set(scopes))),
                   len(scopes) == len(set(scopes)), hard=True)
    return outcome


def slow_watcher(lab):
    """Watchers that stand still while much happens; nobody else may notice."""
    outcome = lab.begin("slow-watcher")
    seconds = 4 if lab.quick else 15
    server = lab.server()
    watcher = lab.watch(server)
    slow = [lab.process(lab.bin / "livenessctl", f"--server={server.address}", "watch", "-o", "json")
            for _ in range(10)]
    victims = lab.fleet(server, "victim-", seconds * 4, kind="raw", tick="1s")
    lab.sleep(1)
    for process in slow:
        process.signal(signal.SIGSTOP)
    lab.fleet(server, "churn-", 10, processes=2, churn=50)
    lab.sleep(2)
    before = server.rss()
    faults = []
    for member in range(victims.count):
        faults.append(Fault("kill -9", victims.id(member), "PROCESS_EXITED", now()))
        victims.kill(member, signal.SIGKILL)
        lab.jitter(0.2, 0.3)
    lab.sleep(1.5)
    grown = server.rss() - before
    outcome.judge(faults, watcher, now(), clients=10)
    outcome.expect_all_found("kill -9", "beside slow watchers, kill -9")
    outcome.expect_no_mistake("beside slow watchers nobody falls")
    detection = [f.detection for f in outcome.findings if f.found]
    if detection:
        outcome.figure("beside slow watchers: kill -9 to SUSPECT", span(percentile(detection, 0.99)), "p99 <= 10 ms",
                       percentile(detection, 0.99) <= 10 * MS,
                       detail=f"p50 / p99 / max {three(detection)}; {len(watcher.transitions())} transitions told")
    outcome.figure("beside slow watchers: the server's memory", f"+{grown / 2**20:.1f} MiB", "<= 64 MiB",
                   grown <= 64 << 20, detail="history included")
    return outcome


def duplicate(lab):
    """Two processes under one name: the younger takes over, once, and the older stops."""
    outcome = lab.begin("duplicate")
    count = 5 if lab.quick else 15
    server = lab.server()
    watcher = lab.watch(server)
    older = [lab.beat(server, f"twin-{i}") for i in range(count)]
    watcher.wait(lambda events: sum(e.get("to") == "ALIVE" for e in events) >= count, 60)
    lab.sleep(0.5)
    faults = []
    younger = []
    for i in range(count):
        at = now()
        faults.append(Fault("superseded", f"twin-{i}", "SUPERSEDED", at, None))
        younger.append(lab.beat(server, f"twin-{i}"))
    codes = [process.wait(15) for process in older]
    lab.sleep(3)
    outcome.judge(faults, watcher, now(), clients=count)
    deaths = {}
    last = {}
    for event in watcher.transitions():
        last[event["client_id"]] = event["to"]
        if event["to"] == "DEAD":
            deaths.setdefault(event["client_id"], []).append(event["cause"])
    fights = [client for client, causes in deaths.items() if causes != ["SUPERSEDED"]]
    outcome.figure("twins: superseded once each", f"{len(deaths) - len(fights)} of {count}", str(count),
                   len(deaths) == count and not fights, hard=True, detail=", ".join(fights[:4]))
    outcome.figure("twins: the older stops, with exit code 7", str(codes.count(7)), str(count),
                   codes == [7] * count, hard=True)
    alive = [process for process in younger if process.popen.poll() is None]
    outcome.figure("twins: the younger lives", str(sum(s == "ALIVE" for s in last.values())), str(count),
                   len(alive) == count and all(s == "ALIVE" for s in last.values()), hard=True)
    return outcome
