"""What every figure is taken with: the binaries, and the table that the figures go to."""
import os
import pathlib
import re
import sys

from lab.process import Process, Server


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, build, quick):
        self.bin = build / "bench"
        self.livenessd_binary = build / "bin" / "livenessd"
        self.quick = quick
        self.rows = []

    def row(self, figure, measured, target="", detail="", met=None):
        verdict = {True: "met", False: "MISSED", None: ""}[met]
        self.rows.append((figure, measured, target, verdict, detail))
        say(f"{figure}: {measured} {verdict} ({detail})")

    def livenessd(self, *arguments):
        """In memory, and under one name, unless the arguments say otherwise."""
        http = () if any(each.startswith("--http-listen") for each in arguments) else ("--http-listen=none",)
        return Server(self.livenessd_binary, "--listen=127.0.0.1:0", "--max-ping-rate=0", "--max-label-rate=0", "--log-level=error",
                      "--server-id=bench", *http, *arguments)

    def echo(self):
        return Server(self.bin / "echo_server", "127.0.0.1:0")

    def client(self, program, *arguments):
        """One of the bench's own programs, once it has said that it is there."""
        process = Process(self.bin / program, *arguments)
        process.line()
        return process

    def load(self, server, *arguments):
        return self.client("load", server.address, *arguments)

    def watchers(self, server, *arguments):
        return self.client("watchers", server.address, *arguments)

    def table(self):
        print("| figure | measured | target | | detail |")
        print("|---|---|---|---|---|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")
        model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        print(f"\n{os.cpu_count()} cores{', ' + model.group(1) if model else ''}; load average at the end "
              f"{', '.join(f'{value:.1f}' for value in os.getloadavg())}{'; quick run' if self.quick else ''}")

    def missed(self):
        return any(row[3] == "MISSED" for row in self.rows)
