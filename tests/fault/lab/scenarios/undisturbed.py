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

from lab.bystanders import STORM_PROCESSES, Bystanders, Storm, ctl, report, start_raw, tell
from lab.processes import LabError, poll
from lab.statistics import span

# Fleets have a connection for each client. gRPC itself tears a stream down on the thread that reads its connection, 40 us
# each, and all of a connection in one go: as few share one as the descriptors of one process allow.
RESETS_ON_A_CONNECTION = 8
# A fifth of what one I/O thread can take; what becomes of bystanders behind all of them at one moment: swamp().
UPDATES_A_SECOND = 5_000


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
    server = lab.server(f"--max-watchers={watches + 10}", "--max-watchers-per-peer=0",
                        "--max-streams-per-peer=0", "--max-hello-rate=0")
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


def swamp(lab):
    """100,000 clients change at one moment: more than an I/O thread can take for seconds."""
    outcome = lab.begin("undisturbed-swamp")
    clients = 20_000 if lab.quick else 100_000
    server = lab.server("--max-streams-per-peer=0", "--max-hello-rate=0")
    bystanders = Bystanders(lab, server, outcome)
    storm = Storm(lab, server, "client-", clients)
    storm.open()
    for wave in ("at one moment", "at one moment, again"):
        lab.sleep(2)
        bystanders.begin()
        updated = storm.all("update 0")
        poll(lambda: _is_through(lab, server), 300, "the server is not through with the changes")
        lab.sleep(2)
        bystanders.end(f"{clients:,} clients change {wave}",
                       f"{updated['updated']} changes sent within {updated['seconds']:.1f} s", swamped=True)
    return outcome


def _is_through(lab, server):
    try:
        return _pending(lab, server) == 0
    except LabError:
        return False  # so deaf that it answers nobody


def _pending(lab, server):
    """Not 0 while revisions grow."""
    revision = [int(json.loads(ctl(lab, server, "stats", "-o", "json").stdout)["revision"]) for _ in range(2)
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
        told = json.loads(ctl(lab, server, "stats", "-o", "json").stdout)
        return int(told["counts"]["maintenance"])
    poll(lambda: lab.sleep(1) or away() == 0, 300, "the maintenance does not end")
    took = time.time() - written["until"]
    lab.sleep(2)
    bystanders.end(f"the maintenance of {count:,} clients ends", f"told of all after {took:.1f} s")
    return outcome


class Resets:
    """Streams that end all at once: of the server that is looked at, or of a bare echo."""
    KINDS = {"cancelled": lambda storm: storm.all("cancel"), "killed with their connections": Storm.kill}

    def __init__(self, lab, server, kind, count):
        self.kind, self.id = kind, kind.split()[0]
        self.storm = Storm(lab, server, self.id + "-", count, RESETS_ON_A_CONNECTION)
        self.storm.open()
        lab.sleep(2)

    def strike(self):
        self.KINDS[self.kind](self.storm)


def _struck_echo(lab, kind, count):
    """The pongs of a bare echo's clients while as many of its streams end."""
    echo = lab.echo()
    lab.listener(echo)  # or what it says of each end would hold it up
    processes = start_raw(lab, echo, "struck-")
    resets = Resets(lab, echo, kind, count)
    for process in processes:
        tell(process, "begin")
        process.line()
    resets.strike()
    lab.sleep(10)
    spans, _ = report(processes)
    for process in processes:
        process.end()
    return spans


def resets(lab):
    """20,000 streams cancelled at once, then 20,000 whose connections are killed."""
    outcome = lab.begin("undisturbed-resets")
    count = 4_000 if lab.quick else 20_000
    server = lab.server()
    bystanders = Bystanders(lab, server, outcome)
    for kind in Resets.KINDS:
        floor = _struck_echo(lab, kind, count)
        resets = Resets(lab, server, kind, count)
        bystanders.begin()
        begun = time.monotonic()
        resets.strike()
        filter = f'--filter=client_id="{resets.id}-*"'

        def all_told():
            lab.sleep(0.2)
            try:
                told = json.loads(ctl(lab, server, "stats", filter, "-o", "json").stdout)
            except LabError:
                return False  # so deaf that it answers nobody
            return int(told["counts"]["alive"]) == 0
        poll(all_told, 120, "not all ends are told")
        took = time.monotonic() - begun
        lab.sleep(max(2.0, 10 - took))
        bystanders.end(f"{count:,} streams {kind}", f"all told after {took:.1f} s", floor)
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
                        ctl(lab, server, verb, "-o", "json", seconds=3)
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
