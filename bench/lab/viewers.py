"""Many viewers of the HTTP watch, of which some never read."""
import statistics
import time

from lab.bench import say


def viewers(lab):
    rate, seconds = 10, 5 if lab.quick else 20
    count, deaf = 1_000, 100
    with lab.livenessd("--http-listen=127.0.0.1:0", "--max-watchers=2000", "--max-streams-per-peer=0", "--max-hello-rate=0") as server, \
            lab.load(server, 100) as load:
        http = server.line().removeprefix("http on ")

        def round_trips():
            times = []
            for _ in range(20 if lab.quick else 100):
                begun = time.monotonic()
                load.ask("once")
                times.append((time.monotonic() - begun) * 1e3)
            return statistics.median(times)

        before, bare = server.rss(), round_trips()
        say(f"viewers: {count}, of which {deaf} never read")
        with lab.client("viewers", http, count, deaf) as group:
            group.ask("expect 0 5")
            watched = round_trips()
            server.reset_peak()
            load.tell(f"update {rate} {seconds}")
            told = group.ask(f"expect {rate * seconds} {seconds + 30}")
            load.answer()
            peak = server.peak()
    p50, p99, most = told["late"]
    whole = told["least"] >= rate * seconds and told["gaps"] == 0 and told["ended"] == 0
    lab.row(f"{count:,} HTTP viewers, {deaf} of which never read: from a transition to its arrival at the others",
            f"p99 {p99:.1f} ms", "< 250 ms",
            f"{rate} transitions/s for {seconds} s, {told['events']:,} events, p50 {p50:.1f}, max {most:.1f} ms; "
            f"{'none lost' if whole else 'SOME WERE LOST'}; server's peak RSS {before / 2**20:.0f} -> "
            f"{peak / 2**20:.0f} MiB; a ping on each of 100 connections {bare:.2f} ms without viewers, "
            f"{watched:.2f} ms with them", p99 < 250 and whole)
