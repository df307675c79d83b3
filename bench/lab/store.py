"""The store of one server, alone."""
import json
import os
import statistics
import subprocess
import tempfile

from lab.bench import say
from lab.figures import spread


def store(lab):
    # Beside the binaries: a disk, where the system's temporary files may be memory.
    def run(*arguments):
        return json.loads(subprocess.check_output([lab.bin / "store_bench", *map(str, arguments)]))

    rounds, seconds = (1, 1) if lab.quick else (5, 3)
    with tempfile.TemporaryDirectory(dir=lab.bin) as directory:
        for fsync in ("", "fsync"):
            for proposers in (1, 100, 1_000):
                say(f"store: {proposers} at a time{', each synced' if fsync else ''}, {rounds} x {seconds} s")
                results = [run("rate", f"{directory}/{fsync}{proposers}-{number}.db", proposers, seconds,
                               *fsync.split()) for number in range(rounds)]
                rates = [result["per_second"] for result in results]
                lab.row(f"Registrations durable in SQLite, {proposers:,} under way"
                        f"{', --fsync=always' if fsync else ''}", f"{statistics.median(rates):,.0f}/s", "stated",
                        f"{spread(rates, '{:,.0f}')}; each took p50 "
                        f"{statistics.median(result['p50_ms'] for result in results):.2f}, p99 "
                        f"{statistics.median(result['p99_ms'] for result in results):.2f} ms")
        say("store: pace")
        pace = run("pace", f"{directory}/pace.db", 1_000, 3 if lab.quick else 20)
        lab.row("Time from proposal to told at 1,000 changes/s", f"p99 {pace['p99_ms']:.2f} ms", "stated",
                f"p50 {pace['p50_ms']:.2f}, p99.9 {pace['p999_ms']:.2f}, max {pace['max_ms']:.2f} ms; the log is "
                "synced and moved meanwhile, in the background")
        clients = 100_000 if lab.quick else 1_000_000
        say(f"store: {clients:,} known clients")
        run("fill", f"{directory}/many.db", clients)
        size = os.path.getsize(f"{directory}/many.db")
        loads = [run("load", f"{directory}/many.db") for _ in range(1 if lab.quick else 3)]
        lab.row(f"Opening a store of {clients:,} clients, checked and read",
                f"{statistics.median(load['seconds'] for load in loads):.2f} s", "stated",
                f"{spread([load['seconds'] for load in loads], '{:.2f}')}; {size / 2**20:.0f} MiB with as many "
                f"transitions, read before; resident "
                f"{statistics.median(load['rss_per_record'] for load in loads):.0f} bytes a client")
