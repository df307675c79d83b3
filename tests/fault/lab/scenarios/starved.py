"""Clients that are alive but hardly run."""
import os
import pathlib
import signal

from lab.processes import MS, Process, now
from lab.truth import Fault

CGROUP = pathlib.Path("/sys/fs/cgroup/cpu")


def duty(lab):
    """A client that runs 5 % of the time: stopped and continued, over and over."""
    outcome = lab.begin("starved")
    count, cycles = (6, 4) if lab.quick else (12, 12)
    server = lab.server()
    watcher = lab.watch(server)
    fleet = lab.fleet(server, "starved-", count, tick="5ms")
    lab.sleep(1)
    stop, run = 1.9 * fleet.timeout / 1e9, 0.1 * fleet.timeout / 1e9
    faults = []
    for _ in range(cycles):
        begun = []
        for member in range(count):
            fleet.kill(member, signal.SIGSTOP)
            at = now()
            begun.append(Fault("starved", fleet.id(member), "PROCESS_STOPPED", at, due=fleet.deadline(member, at)))
            lab.jitter(0.001, 0.003)
        lab.sleep(max(0, begun[0].begin + int(stop * 1e9) - now()) / 1e9)
        for member, fault in enumerate(begun):
            fleet.kill(member, signal.SIGCONT)
            fault.end = now()
            lab.jitter(0.001, 0.003)
        faults += begun
        lab.sleep(run)
    lab.sleep(1)
    outcome.judge(faults, watcher, now(), clients=count)
    outcome.expect_all_found("starved", "starved beyond the timeout")
    outcome.expect_lateness("starved", "starved: silence to SUSPECT, beyond the deadline", 10 * MS)
    outcome.expect_no_mistake("starved, but never for timeout and grace: no death", states=("DEAD",))
    return outcome


class Group:
    """A cgroup (v1) with a quota of processor time."""

    def __init__(self, name, quota_us, period_us):
        self.path = CGROUP / name
        self.path.mkdir()
        (self.path / "cpu.cfs_period_us").write_text(str(period_us))
        (self.path / "cpu.cfs_quota_us").write_text(str(quota_us))

    def take(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def end(self):
        self.path.rmdir()


def quota(lab):
    """Clients that share a sliver of one processor (cgroup) with others that want it all."""
    outcome = lab.begin("quota")
    if not (CGROUP / "cpu.cfs_quota_us").parent.is_dir() or not os.access(CGROUP, os.W_OK):
        outcome.note("left out: needs the cpu controller of cgroup v1")
        return outcome
    seconds = 4 if lab.quick else 20
    server = lab.server()
    watcher = lab.watch(server)
    # First made, so last removed: a group must be empty.
    group = lab.owns(Group(f"liveness-fault-{lab.run_id}", 1000, 500_000))
    fleet = lab.fleet(server, "quota-", 6, interval="200ms", timeout="600ms")
    lab.sleep(1)
    burners = [lab.owns(Process("sh", "-c", "while :; do :; done")) for _ in range(3)]
    begun = now()
    for pid in [process.pid for process in burners] + fleet.pids():
        group.take(pid)
    lab.sleep(seconds)
    # Taken out again first, or they need minutes to die.
    for pid in [process.pid for process in burners] + fleet.pids():
        (CGROUP / "cgroup.procs").write_text(str(pid))
    end = now()
    for process in burners:
        process.signal(signal.SIGKILL)
    lab.sleep(3)
    told = [e for e in watcher.transitions() if e["to"] in ("SUSPECT", "DEAD") and e["seen"] >= begun]
    # Each suspicion is a case: that it was starved all the time is what was done to it.
    faults = [Fault("starved by quota", e["client_id"], "PROCESS_STOPPED", e["seen"], end, timed=False)
              for e in told if e["to"] == "SUSPECT"]
    outcome.judge(faults, watcher, now(), clients=fleet.count)
    outcome.figure("starved by quota: suspicions", str(len(faults)), "", None,
                   detail=f"{sum(e['to'] == 'DEAD' for e in told)} deaths, {fleet.count} clients, {seconds} s with "
                          "2 ms of processor time a second")
    return outcome
