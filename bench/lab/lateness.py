"""How late the server finds silence."""
from lab.bench import say
from lab.figures import percentile


def lateness(lab):
    streams, seconds, victims = (2_000, 8, 500) if lab.quick else (10_000, 16, 2_000)
    interval, timeout = 2_000, 4_000
    say(f"lateness: {streams} streams")
    with lab.livenessd() as server, lab.watchers(server, 1, "log") as watcher, \
            lab.load(server, streams, "client-", interval, timeout, "understand") as load:
        watcher.ask("expect 0 0")
        beat = load.ask(f"beat {seconds} {victims}")
        told = watcher.ask("expect 0 0")
    suspected = {name: rest for name, *rest in told["suspicions"]}
    found = [name for name in beat["victims"] if name in suspected]

    def since_deadline(name, moment):
        return (moment - beat["victims"][name]) / 1e6 - timeout

    # The deadline is one on the witness clock: what was credited moved it.
    credited = [suspected[name][2] / 1e6 for name in found]
    late = [since_deadline(name, suspected[name][0]) - credit for name, credit in zip(found, credited)]
    plain = [since_deadline(name, suspected[name][0]) for name in found]
    heard = [since_deadline(name, suspected[name][1]) for name in found]
    timer = [value / 1e6 for value in told["timer"]]
    missing = len(beat["victims"]) - len(found)
    others = len({each[0] for each in told["suspicions"]} - set(beat["victims"]))
    p99, bare = percentile(late, 0.99), percentile(timer, 0.99)
    forms = "p50 {:.2f}, p99 {:.2f}, max {:.2f} ms"
    lab.row(f"Deadline lateness at {streams:,} streams", f"p99 {p99:.2f} ms", "<= 5 ms, or 2 x a bare timer's p99",
            f"{len(found):,} fell silent and were suspected, {missing} were not, {others} others were; "
            + forms.format(percentile(late, 0.5), p99, max(late)) + "; bare timer thread "
            + forms.format(percentile(timer, 0.5), bare, max(timer))
            + f"; {sum(credit > 0 for credit in credited):,} deadlines were moved by credit for stalls of the "
            "server, with these counted " + forms.format(percentile(plain, 0.5), percentile(plain, 0.99), max(plain))
            + "; told to a watcher " + forms.format(percentile(heard, 0.5), percentile(heard, 0.99), max(heard)),
            missing == 0 and (p99 <= 5 or p99 <= 2 * bare))
