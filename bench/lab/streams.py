"""What a heartbeat and an idle client cost the server, against a bare echo."""
import statistics
import time

from lab.bench import say
from lab.figures import spread


def heartbeat(lab):
    rounds, seconds = (3, 1) if lab.quick else (11, 2)
    for connections in (100, 1000):
        say(f"heartbeat: {connections} connections, {rounds} pairs of {seconds} s")
        with lab.livenessd() as ours, lab.echo() as echo, \
                lab.load(ours, connections) as our_load, lab.load(echo, connections) as echo_load:
            pair = [("ours", ours, our_load), ("echo", echo, echo_load)]
            costs = {"ours": [], "echo": []}
            rates = {"ours": [], "echo": []}
            for _, _, load in pair:
                load.ask("run 0.5")
            for number in range(rounds):
                for name, server, load in (pair if number % 2 else pair[::-1]):
                    before = server.cpu()
                    answer = load.ask(f"run {seconds}")
                    costs[name].append((server.cpu() - before) / answer["messages"] / 1e3)
                    rates[name].append(answer["per_second"])
        ratios = [a / b for a, b in zip(costs["ours"], costs["echo"])]
        median = statistics.median(ratios)
        lab.row(f"Server CPU per heartbeat against a bare echo, {connections:,} connections",
                f"{median:.3f} x", "<= 1.05 x",
                f"{spread(ratios)}; {statistics.median(costs['ours']):.1f} us against "
                f"{statistics.median(costs['echo']):.1f} us at {statistics.median(rates['ours']):,.0f} and "
                f"{statistics.median(rates['echo']):,.0f} a second", median <= 1.05)


def rss(lab):
    rounds = 1 if lab.quick else 3
    count = 1_000 if lab.quick else 5_000
    per = {"ours": [], "echo": []}
    for number in range(rounds):
        for name, start in (("ours", lab.livenessd), ("echo", lab.echo)):
            say(f"rss: {name}, {count} connections, round {number + 1} of {rounds}")
            with start() as server, lab.load(server, 50, "first-") as first:
                first.ask("once")
                before = server.rss()
                with lab.load(server, count, "client-") as load:
                    load.ask("once")
                    time.sleep(1)
                    per[name].append((server.rss() - before) / count)
    extra = statistics.median(per["ours"]) - statistics.median(per["echo"])
    lab.row(f"Server RSS per connected idle client at {count:,}, beyond a bare echo's", f"{extra:.0f} bytes",
            "<= 2048 bytes", f"{statistics.median(per['ours']) / 1024:.1f} KiB against "
            f"{statistics.median(per['echo']) / 1024:.1f} KiB, {rounds} rounds", extra <= 2048)
