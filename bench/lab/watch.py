"""Many watchers, many transitions."""
import statistics

from lab.bench import say
from lab.figures import spread


def watch(lab):
    seconds = 2 if lab.quick else 10
    with lab.livenessd() as server, lab.load(server, 100) as load:
        say("watch: filling the history")
        load.ask("update 0 21")  # more than it keeps, so that from here on it does not grow
        for watchers, rate in ((100, 1_000), (10, 10_000)):
            say(f"watch: {watchers} watchers, {rate} transitions a second for {seconds} s")
            with lab.watchers(server, watchers) as group:
                group.ask("expect 0 0")
                before = server.rss()
                server.reset_peak()
                made = load.ask(f"update {rate} {seconds}")
                told = group.ask(f"expect {made['updates']} 60")
                peak = server.peak()
            reached = made["updates"] / (made["ended"] - made["begun"]) * 1e9
            lost = made["updates"] - told["least"]
            whole = lost == 0 and told["most"] == made["updates"]
            sound = told["gaps"] == told["disorder"] == told["over"] == 0
            lab.row(f"{watchers} watchers at {rate:,} transitions/s for {seconds} s",
                    f"{lost} lost, {told['gaps']} gaps", "none lost, no gap, memory bounded",
                    f"{reached:,.0f}/s reached, the last told {(told['last_came'] - made['ended']) / 1e6:.0f} ms "
                    f"after the last was sent; server's peak RSS {before / 2**20:.0f} -> {peak / 2**20:.0f} MiB",
                    whole and sound and reached > 0.95 * rate)
        times = []
        with lab.watchers(server, 100) as group:
            whole = True
            for _ in range(3 if lab.quick else 11):
                group.ask("expect 0 0")
                made = load.ask("update 0 1")
                told = group.ask(f"expect {made['updates']} 60")
                whole = whole and told["least"] == told["most"] == made["updates"] and told["gaps"] == 0
                times.append((told["last_came"] - made["begun"]) / 1e9)
        lab.row("Burst of 10,000 transitions to 100 watchers, first sent to last told",
                f"{statistics.median(times):.2f} s", "stated",
                f"{spread(times, '{:.2f}')}; {'none lost, no gap' if whole else 'SOME WERE LOST'}", whole or False)
