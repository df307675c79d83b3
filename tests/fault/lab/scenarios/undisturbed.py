"""Bystanders that beat while the server has something big to do for others: nobody may notice."""
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from lab.processes import MS, LabError, poll
from lab.statistics import percentile, span, three

INTERVAL_MS, TIMEOUT_MS = 200, 600
# Of two processes each.
RAW, LIBRARY = 10, 4
PONG_BOUND = 50 * MS
# A connection takes no more than 100 streams at a time.
STREAMS_ON_A_CONNECTION = 80
# Fleets have a connection for each client. gRPC itself tears a stream down on the thread that reads its connection, 40 us
# each, and all of a connection in one go: as few share one as the descriptors of one process allow.
RESETS_ON_A_CONNECTION = 8
STORM_PROCESSES = 2
# A fifth of what one I/O thread can take: 100,000 messages at one moment would keep even a bare echo busy for seconds.
UPDATES_A_SECOND = 5_000


class Bystanders:
    """Clients of the server, and as many of a bare echo beside it: what the machine itself allows."""

    def __init__(self, lab, server, outcome):
        self.lab, self.server, self.outcome = lab, server, outcome
        self.watcher = lab.watch(server, 'client_id = "raw-*" OR client_id = "library-*"')
        self.raw = self._start(server.address, "raw-")
        self.bare = self._start(lab.echo().address, "bare-")
        self.linked = lab.fleet(server, "library-", LIBRARY, processes=2)
        lab.sleep(1)

    def _start(self, address, prefix):
        started = [self.lab.process(self.lab.tools / "fault_bystander", address, f"{prefix}{i}-", RAW // 2, INTERVAL_MS,
                                    TIMEOUT_MS) for i in range(2)]
        for process in started:
            process.line()
        return started

    def begin(self):
        self.mark = self.watcher.mark()
        self.before = self._stats()
        for process in self.raw + self.bare:
            _tell(process, "begin")
            process.line()
        self.begun = time.monotonic()

    def end(self, what, detail=""):
        """Figures of the time since begin()."""
        seconds = time.monotonic() - self.begun
        ours, ended = self._spans(self.raw)
        bare, _ = self._spans(self.bare)
        after = self._stats()
        outcome = self.outcome
        outcome.clients += RAW + LIBRARY
        bound = max(PONG_BOUND, 3 * percentile(bare, 0.99))
        outcome.figure(f"{what}: a bystander's pong", span(percentile(ours, 0.99)),
                       f"p99 <= 50 ms, or 3 x the bare echo's: {span(bound)}", percentile(ours, 0.99) <= bound,
                       detail=f"p50 / p99 / max {three(ours)} of {len(ours)} in {seconds:.0f} s; bare echo {three(bare)}"
                              + (f"; {detail}" if detail else ""))
        falls = [e for e in self.watcher.transitions(self.mark) if e["to"] in ("SUSPECT", "DEAD")]
        outcome.figure(f"{what}: no bystander is suspected", f"{len(falls)} times", "0",
                       not falls and ended == 0, hard=True,
                       detail=", ".join(f"{e['client_id']} {e['to']} {e['cause']}" for e in falls[:4])
                              + (f"; {ended} of their streams ended" if ended else ""))
        if self.watcher.broken():
            outcome.figure(f"{what}: the watch", "broke", "unbroken", False, hard=True,
                           detail=str(self.watcher.broken()[0]))
        lost = [self.linked.id(m) for m in range(LIBRARY) if self.linked.slot(m)[6]]
        outcome.figure(f"{what}: no client library lost its server", f"{len(lost)} of {LIBRARY}", "0", not lost,
                       hard=True, detail=", ".join(lost))
        credited = after["credited_time"] - self.before["credited_time"]
        stalls = after["stall_count"] - self.before["stall_count"]
        outcome.figure(f"{what}: credited to everybody", span(credited), "0", credited == 0, detail=f"{stalls} stalls")

    def _spans(self, processes):
        spans, ended = [], 0
        for process in processes:
            _tell(process, "report")
            told = json.loads(process.line())
            spans += told["spans"]
            ended += told["ended"]
        return spans, ended

    def _stats(self):
        told = _ctl(self.lab, self.server, "stats", "-o", "json").stdout
        stats = json.loads(told)
        return {"credited_time": int(float(stats["credited_time"].removesuffix("s")) * 1e9),
                "stall_count": int(stats["stall_count"])}


def _tell(process, line):
    process.popen.stdin.write(line + "\n")
    process.popen.stdin.flush()


def _ctl(lab, server, *words, seconds=60):
    done = subprocess.run((str(lab.bin / "livenessctl"), f"--server={server.address}", f"--timeout={seconds}s", *words),
                          capture_output=True, text=True, timeout=seconds + 10)
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
            _tell(process, command)
        told = [json.loads(process.line()) for process in self.processes]
        return {key: max(t[key] for t in told) if key == "seconds" else sum(t[key] for t in told) for key in told[0]}

    def open(self):
        told = self.all(f"open {self.share} 64")
        if told["joined"] != self.share * STORM_PROCESSES:
            raise LabError(f"only {told['joined']} streams are open")

    def kill(self):
        for process in self.processes:
            process.signal(signal.SIGKILL)


def _past(lab, *words):
    """A data directory that a server has left, and what was written into it."""
    data = pathlib.Path(tempfile.mkdtemp(prefix="past-", dir=lab.scratch))
    told = subprocess.run((str(lab.tools / "fault_past"), str(data / "liveness.db"), *(str(w) for w in words)),
                          capture_output=True, text=True)
    if told.returncode:
        raise LabError(f"fault_past: {told.stderr.strip()}")
    return data, json.loads(told.stdout)


def history(lab):
    """Watches that resume over 1,000,000 transitions with a filter that matches nothing."""
    outcome = lab.begin("undisturbed-history")
    count = 100_000 if lab.quick else 1_000_000
    data, written = _past(lab, "history", count)
    server = lab.server("--history-transitions=3000000", data=data)
    bystanders = Bystanders(lab, server, outcome)
    bystanders.begin()
    viewers = lab.process(lab.tools / "fault_viewers", server.address, 3, 1, written["first"])
    begun = time.monotonic()
    told = json.loads(viewers.line())
    took = time.monotonic() - begun
    lab.sleep(max(2.0, 10.0 - took))
    bystanders.end(f"3 watches resume over {count:,} transitions",
                   f"their first answer after {took:.1f} s, {told['open']} open, {told['refused']} refused")
    return outcome


def filters(lab):
    """1,000 watches with filters of the largest size while 100,000 clients change."""
    outcome = lab.begin("undisturbed-filters")
    watches, predicates, clients = (100, 430, 2_000) if lab.quick else (1000, 430, 100_000)
    # One is the bystanders' watcher.
    server = lab.server(f"--max-watchers={watches + 10}", "--max-streams-per-peer=0")
    bystanders = Bystanders(lab, server, outcome)
    storm = Storm(lab, server, "client-", clients)
    storm.open()
    bystanders.begin()
    viewers = lab.process(lab.tools / "fault_viewers", server.address, watches, predicates)
    told = json.loads(viewers.line())
    updated = storm.all(f"update {UPDATES_A_SECOND // STORM_PROCESSES}")
    poll(lambda: _pending(lab, server) == 0, 300, "the store is not through with the changes")
    lab.sleep(2)
    bystanders.end(f"{watches:,} watches with the largest filters, {clients:,} clients change",
                   f"{told['open']} watches open, {told['refused']} refused ({told['why']}); "
                   f"{updated['updated']} changes sent within {updated['seconds']:.1f} s")
    return outcome


def _pending(lab, server):
    """Not 0 while revisions grow."""
    revision = [int(json.loads(_ctl(lab, server, "stats", "-o", "json").stdout)["revision"]) for _ in range(2)
                if lab.sleep(0.5) is None]
    return revision[1] - revision[0]


def maintenance(lab):
    """The maintenance of 1,000,000 clients ends at one moment."""
    outcome = lab.begin("undisturbed-maintenance")
    count, ahead = (50_000, 20) if lab.quick else (1_000_000, 150)
    data, written = _past(lab, "maintenance", count, ahead)
    # Nobody comes back: they are not to die meanwhile.
    server = lab.server("--restart-grace=2h", "--max-clients=2000000", data=data)
    bystanders = Bystanders(lab, server, outcome)
    left = written["until"] - time.time()
    if left < 1:
        raise LabError(f"the maintenance ended {-left:.0f} s before the scenario could begin")
    lab.sleep(left - 1)
    bystanders.begin()

    def away():
        told = json.loads(_ctl(lab, server, "stats", "-o", "json").stdout)
        return int(told["counts"]["maintenance"])
    poll(lambda: lab.sleep(1) or away() == 0, 300, "the maintenance does not end")
    took = time.time() - written["until"]
    lab.sleep(2)
    bystanders.end(f"the maintenance of {count:,} clients ends", f"told of all after {took:.1f} s")
    return outcome


def resets(lab):
    """20,000 streams cancelled at once, then 20,000 whose connections are killed."""
    outcome = lab.begin("undisturbed-resets")
    count = 4_000 if lab.quick else 20_000
    server = lab.server()
    bystanders = Bystanders(lab, server, outcome)
    for kind in ("cancelled", "killed with their connections"):
        storm = Storm(lab, server, kind.split()[0] + "-", count, RESETS_ON_A_CONNECTION)
        storm.open()
        lab.sleep(2)
        bystanders.begin()
        begun = time.monotonic()
        if kind == "cancelled":
            storm.all("cancel")
        else:
            storm.kill()

        filter = f'--filter=client_id="{kind.split()[0]}-*"'

        def all_told():
            lab.sleep(0.2)
            try:
                told = json.loads(_ctl(lab, server, "stats", filter, "-o", "json").stdout)
            except LabError:
                return False  # so deaf that it answers nobody
            return int(told["counts"]["alive"]) == 0
        poll(all_told, 120, "not all ends are told")
        took = time.monotonic() - begun
        lab.sleep(max(2.0, 10 - took))
        bystanders.end(f"{count:,} streams {kind}", f"all told after {took:.1f} s")
    return outcome


def quality(lab):
    """1,000 hellos that ask for a quality which their paths cannot give."""
    outcome = lab.begin("undisturbed-quality")
    count = 300 if lab.quick else 1_000
    server = lab.server()
    bystanders = Bystanders(lab, server, outcome)
    storm = Storm(lab, server, "choosy-", count)
    storm.all("spoil 20")
    bystanders.begin()
    told = storm.all(f"refuse {count // STORM_PROCESSES} 8")
    lab.sleep(max(2.0, 10 - told["seconds"]))
    bystanders.end(f"{count:,} refused quality contracts", f"{told['refused']} refused within {told['seconds']:.1f} s")
    return outcome


class HungSqlite:
    """Another program holds the database's write lock."""
    kind = "SQLite"

    def __init__(self, lab):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="hung-", dir=lab.scratch))
        self.flags = ()
        self.connection = None

    def hang(self):
        path = urllib.parse.quote(str(self.data / "liveness.db"))
        self.connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None, timeout=5)
        self.connection.execute("BEGIN IMMEDIATE")

    def go_on(self):
        self.connection.execute("ROLLBACK")
        self.connection.close()


class HungEtcd:
    """An etcd that is stopped."""
    kind = "etcd"

    def __init__(self, lab):
        self.data = None
        folder = tempfile.mkdtemp(prefix="etcd-", dir="/dev/shm")
        lab.owns(_Folder(folder))
        ports = _free_ports(2)
        client, peer = (f"http://127.0.0.1:{port}" for port in ports)
        self.process = lab.process(
            shutil.which("etcd"), "--name=lab", f"--data-dir={folder}/etcd", f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=lab={peer}", "--logger=zap", "--log-level=error")
        self.flags = ("--store=etcd", f"--etcd-endpoints=127.0.0.1:{ports[0]}")
        poll(lambda: _answers(ports[0]), 30, "etcd does not answer")

    def hang(self):
        self.process.signal(signal.SIGSTOP)

    def go_on(self):
        self.process.signal(signal.SIGCONT)


class _Folder:
    def __init__(self, path):
        self.path = path

    def end(self):
        shutil.rmtree(self.path, ignore_errors=True)


def _free_ports(count):
    import socket
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for each in sockets:
        each.close()
    return ports


def _answers(port):
    import urllib.request
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
            return b"true" in answer.read()
    except OSError:
        return False


def evictions(lab):
    """Ten evictions while the store hangs: others are served meanwhile."""
    outcome = lab.begin("undisturbed-evictions")
    stores = [HungSqlite] + ([HungEtcd] if shutil.which("etcd") else [])
    if len(stores) == 1:
        outcome.note("etcd left out: it is not installed")
    for make in stores:
        store = make(lab)
        server = lab.server(*store.flags, data=store.data)
        bystanders = Bystanders(lab, server, outcome)
        storm = Storm(lab, server, "victim-", 10)
        storm.open()
        bystanders.begin()
        store.hang()
        try:
            ids = [f"victim-{process}-{n}" for process in range(STORM_PROCESSES) for n in range(5)]
            for client_id in ids:
                lab.process(lab.bin / "livenessctl", f"--server={server.address}", "--timeout=20s", "evict", client_id)
            lab.sleep(0.5)
            slowest = 0.0
            for _ in range(10):
                for verb in ("list", "stats"):
                    begun = time.monotonic()
                    try:
                        _ctl(lab, server, verb, "-o", "json", seconds=3)
                    except LabError:
                        pass
                    slowest = max(slowest, time.monotonic() - begun)
                lab.sleep(0.1)
        finally:
            store.go_on()
        lab.sleep(3)
        what = f"ten evictions, {store.kind} hangs"
        outcome.figure(f"{what}: the slowest list or stats meanwhile", span(slowest * 1e9), "<= 1 s", slowest <= 1,
                       hard=True)
        bystanders.end(what)
        lab.end_all()
    return outcome
