"""Two real servers on one etcd."""
import os
import random
import signal
import tempfile
import time

from lab.bench import say
from lab.etcd_member import Etcd
from lab.figures import percentile
from lab.process import Process, Server

AT_A_TIME = 20
FORMS = "p50 {:.1f}, p99 {:.1f}, max {:.1f} ms"


def cluster(lab):
    # Beside the binaries: a disk, where the system's temporary files may be memory.
    with tempfile.TemporaryDirectory(dir=lab.bin) as directory, Etcd(directory) as etcd, \
            _server(lab, etcd, "one") as one, _server(lab, etcd, "two") as two:
        _deaths(lab, etcd, one, two)
        _idle(lab, etcd, one, two)


def _server(lab, etcd, name):
    return Server(lab.livenessd_binary, "--listen=127.0.0.1:0", "--log-level=error", f"--server-id={name}",
                  "--store=etcd", f"--etcd-endpoints={etcd.address}")


def _deaths(lab, etcd, one, two):
    """Each victim is a process of its own, on `one`, with a connection of its own."""
    kills = 40 if lab.quick else 240
    say(f"cluster: {kills} kills")
    killed, told = {}, {"one": {}, "two": {}}
    with lab.load(one, 100, "calm-"), lab.watchers(one, 1, "log") as near, lab.watchers(two, 1, "log") as far:
        before = etcd.syncs()

        def listen():
            for name, watcher in (("one", near), ("two", far)):
                for client, time_ns, came_ns, _ in watcher.ask("expect 0 0")["suspicions"]:
                    told[name].setdefault(client, (time_ns, came_ns))

        for first in range(0, kills, AT_A_TIME):
            victims = {number: Process(lab.bin / "load", one.address, 1, f"victim-{number}-")
                       for number in range(first, first + AT_A_TIME)}
            for victim in victims.values():
                victim.line()
            time.sleep(0.5)  # what their start cost is over
            for number, victim in victims.items():
                time.sleep(random.uniform(0.03, 0.07))
                killed[f"victim-{number}-0"] = time.time_ns()
                os.kill(victim.popen.pid, signal.SIGKILL)
            give_up = time.monotonic() + 30
            while len(told["two"]) < len(killed) and time.monotonic() < give_up:
                time.sleep(0.05)
                listen()
            for victim in victims.values():
                victim.__exit__()
        listen()
        sync_ms = etcd.slow_sync_ms(before)

    def late(name, which):
        return [(told[name][client][which] - moment) / 1e6 for client, moment in killed.items() if client in told[name]]

    def form(values):
        return FORMS.format(percentile(values, 0.5), percentile(values, 0.99), max(values))

    far_ms, missing = late("two", 1), len(killed) - len(told["two"])
    p99 = percentile(far_ms, 0.99)
    lab.row("kill -9 of a client's process to SUSPECT on another server's watch", f"p99 {p99:.1f} ms", "<= 50 ms",
            f"{form(far_ms)}, over {len(killed)} kills of which {missing} were not told; two livenessd on one member of "
            f"etcd, all on this machine. Found by the client's own server after {form(late('one', 0))}; on the watch "
            f"there after {form(late('one', 1))}; p99 of the syncs of etcd's log meanwhile <= {sync_ms:.0f} ms",
            missing == 0 and p99 <= 50)


def _idle(lab, etcd, one, two):
    each, pause, interval, timeout = (1_000 if lab.quick else 5_000), (5 if lab.quick else 10), 3, 9
    say(f"cluster: {2 * each:,} live clients for {pause} s")
    with lab.watchers(two, 1) as watcher, lab.load(one, each, "a-", interval * 1_000, timeout * 1_000) as first, \
            lab.load(two, each, "b-", interval * 1_000, timeout * 1_000) as second:
        for load in (first, second):
            load.tell(f"beat {pause + interval + 4} 0")
        # Of the last registrations; and the first round of pings refutes what was suspected of `first`, which
        # rests while `second` connects.
        time.sleep(interval + 2)
        watcher.ask("expect 0 0")
        before, proposals = etcd.revision(), etcd.writes()
        time.sleep(pause)
        written, proposals = etcd.revision() - before, etcd.writes() - proposals
        told = watcher.ask("expect 0 0")["most"]
        pings = sum(load.answer()["messages"] for load in (first, second))
    lab.row(f"Writes to etcd with {2 * each:,} live clients on two livenessd that do nothing but beat",
            f"{written} in {pause} s", "0", f"etcd's revision; {proposals:.0f} raft proposals; {told} transitions told; "
            f"each server renews its lease once a second, which writes nothing; {pings:,} pings were answered from the "
            "clients' start on", written == 0 and told == 0)
