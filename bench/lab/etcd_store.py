"""The store of a cluster, alone."""
import json
import statistics
import subprocess
import tempfile
import time

from lab.bench import say
from lab.etcd_member import Etcd
from lab.figures import spread
from lab.process import Process


def etcd(lab):
    rounds, seconds = (1, 1) if lab.quick else (5, 3)
    # Beside the binaries: a disk, where the system's temporary files may be memory.
    with tempfile.TemporaryDirectory(dir=lab.bin) as directory, Etcd(directory) as etcd:
        def run(*arguments):
            return json.loads(subprocess.check_output(
                [lab.bin / "etcd_bench", arguments[0], etcd.address, *map(str, arguments[1:])]))

        for proposers, batch in ((1, 64), (100, 64), (100, 1), (1_000, 64)):
            say(f"etcd: {proposers} at a time, {batch} in a transaction, {rounds} x {seconds} s")
            results = [run("rate", proposers, seconds, batch, 4) for _ in range(rounds)]
            rates = [result["per_second"] for result in results]
            lab.row(f"Registrations committed in etcd, {proposers:,} under way"
                    f"{'' if batch > 1 else ', one in a transaction'}", f"{statistics.median(rates):,.0f}/s",
                    "stated", f"one member; {spread(rates, '{:,.0f}')}; each took p50 "
                    f"{statistics.median(result['p50_ms'] for result in results):.2f}, p99 "
                    f"{statistics.median(result['p99_ms'] for result in results):.2f} ms")
        say("etcd: told elsewhere")
        before = etcd.syncs()
        far = run("far", 500, 3 if lab.quick else 20)
        sync_ms = etcd.slow_sync_ms(before)
        lab.row("Proposed on one server to told on another, 500 changes/s", f"p99 {far['p99_ms']:.2f} ms",
                "<= 50 ms, or 2 x the p99 of etcd's syncs",
                f"p50 {far['p50_ms']:.2f}, max {far['max_ms']:.2f} ms; told on the same server p99 "
                f"{far['near_p99_ms']:.2f} ms; p99 of the syncs of etcd's log meanwhile <= {sync_ms:.0f} ms",
                far["p99_ms"] <= max(50, 2 * sync_ms))
        clients = 20_000 if lab.quick else 200_000
        say(f"etcd: a start with {clients:,} known clients")
        start = run("start", clients)
        lab.row(f"Start of a server beside {clients:,} known clients in etcd, until it has its lease",
                f"{start['seconds']:.1f} s", "stated", f"{etcd.size() / 1e6:,.0f} MB on etcd's disk by then, "
                "with what the rows above left")
        clients, pause = 10_000, 10
        say(f"etcd: {clients:,} idle clients for {pause} s")
        with Process(lab.bin / "etcd_bench", "idle", etcd.address, clients) as idle:
            idle.line()
            before = etcd.writes()
            time.sleep(pause)
            written = etcd.writes() - before
        lab.row(f"Writes to etcd with {clients:,} idle live clients", f"{written:.0f} in {pause} s", "0",
                "raft proposals that etcd committed; a lease's keepalives are none", written == 0)
