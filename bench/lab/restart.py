"""A restart of the server with many known clients."""
import os
import statistics
import subprocess
import tempfile
import time

from lab.bench import say
from lab.figures import spread


def restart(lab):
    clients = 100_000 if lab.quick else 1_000_000
    # Beside the binaries: a disk, where the system's temporary files may be memory.
    with tempfile.TemporaryDirectory(dir=lab.bin) as directory, lab.client("queries") as queries:
        say(f"restart: {clients:,} known clients")
        subprocess.run([lab.bin / "store_bench", "fill", f"{directory}/liveness.db", str(clients)],
                       stdout=subprocess.DEVNULL, check=True)
        serving, answered, sizes = [], [], []
        for number in range(1 if lab.quick else 3):
            begun = time.monotonic()
            with lab.livenessd("--store=sqlite", f"--data-dir={directory}", "--max-clients=2000000") as server:
                serving.append(time.monotonic() - begun)
                page = queries.ask(f"page {server.address} 1000")
                answered.append(time.monotonic() - begun)
                sizes.append(server.rss())
                if page["clients"] != 1_000:
                    raise SystemExit(f"bench: a page of {page['clients']} clients")
                say(f"restart: serves after {serving[-1]:.2f} s, answers after {answered[-1]:.2f} s")
                if number == 0:
                    # A few fewer than were written: some drew the same name.
                    known = sum(queries.ask(f"counts {server.address}").values())
                    marked = _until_suspected(queries, server, known, begun)
                    peak = server.peak()
        size = sum(file.stat().st_size for file in os.scandir(directory))
        lab.row(f"Restart with {known:,} known clients: from exec to `listening on`",
                f"{statistics.median(serving):.2f} s", "stated",
                f"{spread(serving, '{:.2f}')}; all of them ALIVE the first time, after an orderly stop; after kill -9 "
                "from then on")
        lab.row("The same: from exec to the first page of 1,000 of ListClients", f"{statistics.median(answered):.2f} s",
                "stated", spread(answered, "{:.2f}"))
        lab.row("The same: resident when that page is answered", f"{statistics.median(sizes) / 2**20:,.0f} MiB",
                "stated", f"{statistics.median(sizes) / known:,.0f} bytes a client; "
                + spread([each / 2**20 for each in sizes], "{:,.0f}"))
        lab.row("The same: from exec until every one is SUSPECT (SERVER_LOST), committed and told",
                f"{marked['seconds']:.1f} s", "stated",
                f"a page of 1,000 answered meanwhile in p50 {marked['p50_ms']:.1f}, max {marked['max_ms']:.1f} ms; peak "
                f"RSS {peak / 2**20:,.0f} MiB; {size / 2**20:,.0f} MiB on disk in the end")


def _until_suspected(queries, server, known, begun):
    """Asks for pages all along: how long a query takes while the store has its hands full."""
    pages = []
    while True:
        pages.append(queries.ask(f"page {server.address} 1000")["ms"])
        counts = queries.ask(f"counts {server.address}")
        if counts["suspect"] + counts["dead"] >= known:
            break
        if time.monotonic() - begun > 300:
            raise SystemExit(f"bench: after 300 s {counts}")
        time.sleep(0.1)
    return {"seconds": time.monotonic() - begun, "p50_ms": statistics.median(pages), "max_ms": max(pages)}
