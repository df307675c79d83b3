"""The registry alone."""
import json
import re
import statistics
import subprocess

from lab.bench import say
from lab.figures import spread


def memory(lab):
    clients = 100_000 if lab.quick else 1_000_000
    result = json.loads(subprocess.check_output([lab.bin / "registry_memory", str(clients)]))
    own = result["rss"] - result["strings"]
    blocks = ", ".join(f"{count:.2f} x {size}" for size, count in result["blocks"].items() if count >= 0.05)
    lab.row(f"Registry memory per client, {clients:,} clients, less its own strings", f"{own:.0f} bytes",
            "< 600 bytes", f"strings {result['strings']:.0f} bytes; allocator's blocks per client: {blocks}",
            own < 600)


def registry(lab):
    rounds = 3 if lab.quick else 11
    say(f"registry: {rounds} rounds")
    out = subprocess.run(
        [lab.bin / "registry_bench", "--benchmark_format=json", f"--benchmark_repetitions={rounds}",
         "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.05"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    times = {}
    for run in json.loads(out)["benchmarks"]:
        if run["run_type"] == "iteration":
            unit = {"ns": 1, "us": 1e3, "ms": 1e6}[run["time_unit"]]
            times.setdefault(run["run_name"], []).append(run["cpu_time"] * unit)

    clock = times["ClockRead"]
    beyond = [(beat - read) / read for beat, read in zip(times["Heartbeat/1000"], clock)]
    median = statistics.median(beyond)
    lab.row("Heartbeat's work at 1,000 hot records, beyond its own clock read", f"{median:.2f} clock reads",
            "<= 2 clock reads", f"{spread(beyond, '{:.2f}')}; a clock read is "
            f"{statistics.median(clock):.0f} ns", median <= 2)
    lines = [2 * (beat - read) / (two - read)
             for beat, two, read in zip(times["Heartbeat/1000000"], times["TwoLineReads"], clock)]
    median = statistics.median(lines)
    lab.row("Heartbeat's work at 1,000,000 random records, beyond its own clock read",
            f"{median:.2f} random cache-line reads", "<= 2 such reads",
            f"{spread(lines, '{:.2f}')}; two reads are "
            f"{statistics.median(t - c for t, c in zip(times['TwoLineReads'], clock)):.0f} ns", median <= 2)
    for title, page, plain, entries in (
            ("Page of 1,000 of 1,000,000", "Page", "PlainScan/1000", "1,000"),
            ("Page of 1,000 that match 1 in 1,000", "FilteredPage", "PlainScan/1000000", "1,000,000")):
        ratios = [a / b for a, b in zip(times[page], times[plain])]
        lab.row(f"{title}, against a plain scan of {entries} entries of an absl::btree_map",
                f"{statistics.median(ratios):.1f} x", "stated",
                f"{spread(ratios, '{:.1f}')}; {statistics.median(times[page]) / 1e6:.2f} ms against "
                f"{statistics.median(times[plain]) / 1e6:.2f} ms")


def instructions(lab):
    for mode, title in (("touch", "Instructions of a heartbeat in the registry, clock read included"),
                        ("ping", "Instructions of a ping through our code: parse, checks, clocks, touch, pong")):
        counts = []
        for repeat in (1_000, 11_000):
            run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                                  lab.bin / "hot_path", mode, str(repeat)],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, text=True)
            counts.append(int(re.search(r"Collected : (\d+)", run.stderr).group(1)))
        lab.row(title, f"{(counts[1] - counts[0]) / 10_000:.0f}", "stated", "callgrind")
