"""What the server takes in, from a client's hello to its welcome."""
import statistics
import tempfile

from lab.bench import say
from lab.figures import spread

CONNECTIONS = 100


def registrations(lab):
    rounds = 1 if lab.quick else 5
    for under_way, clients in ((1, 2_000), (100, 20_000), (1_000, 20_000)):
        if lab.quick:
            clients //= 5
        say(f"registrations: {under_way} at a time, {rounds} x {clients:,}")
        kept, costs = _rounds(lab, "sqlite", rounds, clients, under_way)
        bare, bare_costs = _rounds(lab, "memory", rounds, clients, under_way)
        rates = [result["per_second"] for result in kept]
        lab.row(f"Registrations through livenessd, hello to welcome, durable in SQLite, {under_way:,} under way",
                f"{statistics.median(rates):,.0f}/s", "stated",
                f"{clients:,} streams on {CONNECTIONS} connections, {spread(rates, '{:,.0f}')}; each took p50 "
                f"{statistics.median(result['p50_ms'] for result in kept):.2f}, p99 "
                f"{statistics.median(result['p99_ms'] for result in kept):.2f} ms; the server's CPU "
                f"{statistics.median(costs):.0f} us each. With --store=memory "
                f"{statistics.median(result['per_second'] for result in bare):,.0f}/s, "
                f"{statistics.median(bare_costs):.0f} us")


def _rounds(lab, store, rounds, clients, under_way):
    results, costs = [], []
    for _ in range(rounds):
        # Beside the binaries: a disk, where the system's temporary files may be memory.
        with tempfile.TemporaryDirectory(dir=lab.bin) as directory, \
                lab.livenessd(f"--store={store}", f"--data-dir={directory}",
                              "--max-streams-per-connection=1000") as server, \
                lab.client("registrations", server.address, CONNECTIONS) as load:
            before = server.cpu()
            results.append(load.ask(f"register {clients} {under_way}"))
            costs.append((server.cpu() - before) / clients / 1e3)
    return results, costs
