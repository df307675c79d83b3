"""Processes that bench/run starts; each ends with its block, and nothing else does."""
import json
import os
import pathlib
import re
import signal
import subprocess


class Process:
    """A process that answers each line on stdin with one line on stdout."""

    def __init__(self, *command):
        self.popen = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def line(self):
        text = self.popen.stdout.readline()
        if not text:
            raise SystemExit(f"bench: {self.popen.args[0]} ended early")
        return text.strip()

    def tell(self, command):
        self.popen.stdin.write(command + "\n")
        self.popen.stdin.flush()

    def answer(self):
        return json.loads(self.line())

    def ask(self, command):
        self.tell(command)
        return self.answer()


class Server(Process):
    def __init__(self, *command):
        super().__init__(*command)
        self.address = self.line().removeprefix("listening on ")

    def _proc(self, name):
        return pathlib.Path(f"/proc/{self.popen.pid}/{name}")

    def cpu(self):
        """User and system time of all threads, in nanoseconds."""
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self._proc("task").iterdir())

    def rss(self):
        return int(self._proc("statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def reset_peak(self):
        self._proc("clear_refs").write_text("5")

    def peak(self):
        return int(re.search(r"VmHWM:\s*(\d+) kB", self._proc("status").read_text()).group(1)) * 1024
