"""Clients that nothing is to happen to, and the storms that others make beside them."""
import json
import signal
import subprocess
import time

from lab.processes import MS, LabError
from lab.statistics import percentile, span, three

INTERVAL_MS, TIMEOUT_MS = 200, 600
# Of two processes each.
RAW, LIBRARY = 10, 4
PONG_BOUND = 50 * MS
# A connection takes no more than 100 streams at a time.
STREAMS_ON_A_CONNECTION = 80
STORM_PROCESSES = 2


class Bystanders:
    """Clients of the server, and as many of a bare echo beside it: what the machine itself allows."""

    def __init__(self, lab, server, outcome):
        self.lab, self.server, self.outcome = lab, server, outcome
        self.watcher = lab.watch(server, 'client_id = "raw-*" OR client_id = "library-*"')
        self.raw = start_raw(lab, server, "raw-")
        self.bare = start_raw(lab, lab.echo(), "bare-")
        self.linked = lab.fleet(server, "library-", LIBRARY, processes=2)
        lab.sleep(1)

    def begin(self):
        self.mark = self.watcher.mark()
        self.before = self._stats()
        self.losses = self._losses()
        for process in self.raw + self.bare:
            tell(process, "begin")
            process.line()
        self.begun = time.monotonic()

    def end(self, what, detail="", floor=None, swamped=False):
        """Figures of the time since begin(). `floor`: the pongs of a bare echo that went through the same. `swamped`:
        more came than can be taken; late answers and credit are right then, and nobody may be suspected all the same."""
        seconds = time.monotonic() - self.begun
        ours, ended = report(self.raw)
        bare, _ = report(self.bare)
        after = self._stats()
        outcome = self.outcome
        outcome.clients += RAW + LIBRARY
        bound = max(PONG_BOUND, 3 * percentile(floor or bare, 0.99))
        outcome.figure(f"{what}: a bystander's pong", span(percentile(ours, 0.99)),
                       "any" if swamped else f"p99 <= 50 ms, or 3 x the bare echo's: {span(bound)}",
                       None if swamped else percentile(ours, 0.99) <= bound,
                       detail=f"p50 / p99 / max {three(ours)} of {len(ours)} in {seconds:.0f} s; bare echo {three(bare)}"
                              + (f"; a bare echo that goes through the same {three(floor)}" if floor else "")
                              + (f"; {detail}" if detail else ""))
        falls = [e for e in self.watcher.transitions(self.mark) if e["to"] in ("SUSPECT", "DEAD")]
        outcome.figure(f"{what}: no bystander is suspected", f"{len(falls)} times", "0",
                       not falls and ended == 0, hard=True,
                       detail=", ".join(f"{e['client_id']} {e['to']} {e['cause']}" for e in falls[:4])
                              + (f"; {ended} of their streams ended" if ended else ""))
        if self.watcher.broken():
            outcome.figure(f"{what}: the watch", "broke", "unbroken", False, hard=True,
                           detail=str(self.watcher.broken()[0]))
        lost = [self.linked.id(m) for m, n in enumerate(self._losses()) if n > self.losses[m]]
        # A server that stands for as long as a client waits loses it, whatever serves.
        deaf = max(floor) if floor else 0
        credited = after["credited_time"] - self.before["credited_time"]
        stalls = after["stall_count"] - self.before["stall_count"]
        if swamped:
            outcome.figure(f"{what}: credited to everybody", span(credited), "any", None,
                           detail=f"{stalls} stalls; {len(lost)} of {LIBRARY} libraries lost their server meanwhile")
            return
        outcome.figure(f"{what}: no client library lost its server", f"{len(lost)} of {LIBRARY}",
                       "0" if deaf < TIMEOUT_MS * MS / 2 else f"0, unless a bare echo is deaf for {span(deaf)} too",
                       not lost or deaf >= TIMEOUT_MS * MS / 2, hard=True, detail=", ".join(lost))
        # Time in which the server is deaf must be credited.
        outcome.figure(f"{what}: credited to everybody", span(credited),
                       f"<= 3 x the bare echo's longest: {span(3 * deaf)}" if floor else "0", credited <= 3 * deaf,
                       detail=f"{stalls} stalls")

    def _losses(self):
        """How often each of the library's clients lost its server."""
        return [self.linked.slot(m)[6] for m in range(LIBRARY)]

    def _stats(self):
        told = ctl(self.lab, self.server, "stats", "-o", "json").stdout
        stats = json.loads(told)
        return {"credited_time": int(float(stats["credited_time"].removesuffix("s")) * 1e9),
                "stall_count": int(stats["stall_count"])}


def start_raw(lab, server, prefix):
    started = [lab.process(lab.tools / "fault_bystander", server.address, f"{prefix}{i}-", RAW // 2, INTERVAL_MS,
                           TIMEOUT_MS) for i in range(2)]
    for process in started:
        process.line()
    return started


def report(processes):
    """Their pongs' times since they began, and how many of their streams ended."""
    spans, ended = [], 0
    for process in processes:
        tell(process, "report")
        told = json.loads(process.line())
        spans += told["spans"]
        ended += told["ended"]
    return spans, ended


def tell(process, line):
    process.popen.stdin.write(line + "\n")
    process.popen.stdin.flush()


def ctl(lab, server, *words, seconds=60):
    beside = ("nsenter", f"--net=/run/netns/{server.host.namespace}") if server.host else ()
    done = subprocess.run((*beside, str(lab.bin / "livenessctl"), f"--server={server.address}",
                           f"--timeout={seconds}s", *words), capture_output=True, text=True, timeout=seconds + 10)
    if done.returncode:
        raise LabError(f"livenessctl {words}: {done.stderr.strip()}")
    return done


class Storm:
    """Many streams, of several processes."""

    def __init__(self, lab, server, prefix, streams, on_a_connection=STREAMS_ON_A_CONNECTION):
        self.share = streams // STORM_PROCESSES
        connections = self.share // on_a_connection + 1
        self.processes = [lab.process(lab.tools / "fault_storm", server.address, f"{prefix}{i}-", connections)
                          for i in range(STORM_PROCESSES)]
        for process in self.processes:
            process.line()

    def all(self, command):
        """What each of them answered, added up."""
        for process in self.processes:
            tell(process, command)
        told = [json.loads(process.line()) for process in self.processes]
        return {key: max(t[key] for t in told) if key == "seconds" else sum(t[key] for t in told) for key in told[0]}

    def open(self):
        told = self.all(f"open {self.share} 64")
        if told["joined"] != self.share * STORM_PROCESSES:
            raise LabError(f"only {told['joined']} streams are open")

    def kill(self):
        for process in self.processes:
            process.signal(signal.SIGKILL)
