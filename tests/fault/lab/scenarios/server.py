"""Faults of the server itself, which must not be blamed on its clients."""
import json
import signal
import struct

from lab.processes import LabError, MS, now
from lab.statistics import span
from lab.truth import Fault

MEMBERS = 15


def server_stop(lab):
    """The server stopped (SIGSTOP) for 0.5 to 30 s while its clients go on, and some of them die."""
    outcome = lab.begin("server-stop")
    lengths = (0.5, 2, 5) if lab.quick else (0.5, 2, 10, 30)
    stands = []
    for index, length in enumerate(lengths):
        server = lab.server()
        watcher = lab.watch(server)
        raw = lab.fleet(server, f"raw{index}-", MEMBERS, processes=3, kind="raw")
        library = lab.fleet(server, f"library{index}-", MEMBERS, processes=3)
        victims = lab.fleet(server, f"victim{index}-", 4, kind="raw")
        stands.append((length, server, watcher, victims, raw, library))
    lab.sleep(2)

    faults = [[] for _ in stands]
    begun = now()
    for _, server, *_ in stands:
        server.signal(signal.SIGSTOP)
    for index, (length, server, _, victims, *_) in enumerate(stands):
        # Two die in the middle of it, two shortly before its end.
        for member, share in enumerate((0.5, 0.5, 0.95, 0.95)):
            moment = begun + int(length * share * 1e9)
            lab.sleep(max(0, moment - now()) / 1e9)
            faults[index].append(Fault("killed while the server stood still", victims.id(member), "PROCESS_EXITED",
                                       now()))
            victims.kill(member, signal.SIGKILL)
        lab.sleep(max(0, begun + int(length * 1e9) - now()) / 1e9)
        server.signal(signal.SIGCONT)

    for index, (length, _, watcher, *_) in enumerate(stands):
        wanted = {fault.client_id for fault in faults[index]}
        watcher.wait(lambda events: wanted <= {e["client_id"] for e in events if e.get("to") == "DEAD"}, 45)
    lab.sleep(3)
    for index, (length, _, watcher, victims, raw, library) in enumerate(stands):
        before = len(outcome.mistakes)
        outcome.judge(faults[index], watcher, now(), clients=2 * MEMBERS)
        wrong = outcome.mistakes[before:]
        outcome.figure(f"server stopped for {length} s: no false death or suspicion",
                       f"{len(wrong)} of {2 * MEMBERS} clients", "0", not wrong, hard=True,
                       detail=", ".join(f"{m.client_id} {m.state} {m.cause} for {span(m.duration)}"
                                        for m in wrong[:4]))
        gone = [f.id(m) for f in (raw, library) for m in range(MEMBERS) if f.slot(m)[1] != 1]
        outcome.figure(f"server stopped for {length} s: clients are live again", f"{len(gone)} are not", "0", not gone,
                       hard=True, detail=", ".join(gone[:4]))
    outcome.expect_all_found("killed while the server stood still", "killed while the server stood still")
    return outcome


def clock_step(lab):
    """The server's wall clock steps, by an hour and by seconds, forwards and back."""
    outcome = lab.begin("clock-step")
    offset = lab.scratch / "wall-clock"
    offset.write_bytes(struct.pack("=q", 0))
    server = lab.server(env={"LD_PRELOAD": str(lab.tools / "libfault_wall_clock.so"),
                             "FAULT_WALL_CLOCK": str(offset)})
    watcher = lab.watch(server)
    lab.fleet(server, "steady-", 2 * MEMBERS, processes=6)
    steps = (3600, -3600, 10, -10, -86400) if not lab.quick else (3600, -3600)
    victims = lab.fleet(server, "victim-", 4 * len(steps))
    lab.sleep(1)
    faults, total, victim = [], 0, 0
    for step in steps:
        total += step
        with open(offset, "r+b") as file:
            file.write(struct.pack("=q", total * 1000 * MS))
        lab.sleep(1.5)
        _check_step(lab, server, total)
        for _ in range(2):
            faults.append(Fault("kill -9", victims.id(victim), "PROCESS_EXITED", now()))
            victims.kill(victim, signal.SIGKILL)
            at = now()
            victims.kill(victim + 1, signal.SIGSTOP)
            faults.append(Fault("stop, longer than the timeout", victims.id(victim + 1), "PROCESS_STOPPED", at,
                                due=victims.deadline(victim + 1, at)))
            victim += 2
            lab.jitter(0.05, 0.2)
        lab.sleep(2.5)
    outcome.judge(faults, watcher, now(), clients=2 * MEMBERS)
    outcome.expect_no_mistake("wall clock stepped: no false death or suspicion")
    outcome.expect_all_found("kill -9", "wall clock stepped, kill -9")
    outcome.expect_all_found("stop, longer than the timeout", "wall clock stepped, stopped")
    outcome.expect_lateness("stop, longer than the timeout", "wall clock stepped: beyond the deadline", 10 * MS)
    return outcome


def _check_step(lab, server, seconds):
    """The server must believe it, or the scenario proves nothing."""
    ask = lab.process(lab.bin / "livenessctl", f"--server={server.address}", "stats", "-o", "json")
    told = json.loads(ask.popen.stdout.read())["as_of"]
    import datetime
    as_of = datetime.datetime.fromisoformat(told.replace("Z", "+00:00")[:26].rstrip("Z+") + "+00:00")
    away = (as_of - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    if abs(away - seconds) > 5:
        raise LabError(f"the server's wall clock is {away:.0f} s off, not {seconds} s")
