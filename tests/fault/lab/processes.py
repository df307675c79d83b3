"""Processes that the lab starts. Only these are ever signalled, and all of them end with the lab."""
import json
import mmap
import os
import pathlib
import signal
import struct
import subprocess
import threading
import time

now = time.monotonic_ns
MS = 1_000_000


class LabError(Exception):
    """The lab itself could not do what it wanted; no verdict on what is tested."""


def poll(condition, seconds, what):
    end = now() + int(seconds * 1e9)
    while not condition():
        if now() > end:
            raise LabError(f"timed out after {seconds} s: {what}")
        time.sleep(0.01)


class Process:
    """One child. With `host` it runs in that host's network namespace."""

    def __init__(self, *command, host=None, env=None, log=None):
        # It ends with the lab even if that is killed. Both wrappers exec: the pid is the program's own.
        words = ["setpriv", "--pdeathsig", "KILL", *(str(word) for word in command)]
        if host is not None:
            words = ["nsenter", f"--net=/run/netns/{host.namespace}", *words]
        self.name = pathlib.Path(str(command[0])).name
        self.popen = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      stderr=log or subprocess.DEVNULL, env={**os.environ, **(env or {})})
        self.pid = self.popen.pid

    def signal(self, number):
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def line(self):
        text = self.popen.stdout.readline()
        if not text:
            raise LabError(f"{self.name} ended early with code {self.popen.wait()}")
        return text.strip()

    def wait(self, seconds):
        """Its exit code, or None."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.stdin.close()
            self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()
        self.popen.stdout.close()


class Server(Process):
    """A livenessd (or the bare echo): it says where it listens."""

    def __init__(self, *command, host=None, **options):
        super().__init__(*command, host=host, **options)
        self.host = host
        address = self.line().removeprefix("listening on ")
        port = address.rsplit(":", 1)[1]
        self.address = f"{host.address}:{port}" if host else address
        self.port = int(port)

    def rss(self):
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Listener:
    """Reads a process's lines as they come; `parse` makes an event of each."""

    def __init__(self, process, parse=json.loads):
        self.process = process
        self._parse = parse
        self.events = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for line in self.process.popen.stdout:
                event = self._parse(line)
                with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()
        except ValueError:
            pass  # closed under us at the end

    def wait(self, condition, seconds):
        """Until `condition(events)` holds; whether it did in time."""
        end = now() + int(seconds * 1e9)
        with self._changed:
            while not condition(self.events):
                if now() >= end:
                    return False
                self._changed.wait((end - now()) / 1e9)
            return True

    def mark(self):
        return len(self.events)


class Watcher(Listener):
    """A fault_watcher that has its snapshot."""

    def __init__(self, process):
        super().__init__(process)
        if not self.wait(lambda events: any("ready" in e for e in events), 30):
            raise LabError("the watcher has no snapshot")

    def transitions(self, since=0):
        return [e for e in self.events[since:] if "client_id" in e]

    def broken(self):
        return [e for e in self.events if "gap" in e or "over" in e]


class Fleet(Process):
    """A fault_fleet and the board on which its members tell of themselves."""

    SLOT = struct.Struct("=qqqqQQQQ")

    def __init__(self, binary, server, board, *, prefix, count, processes=None, kind="library", host=None,
                 interval="200ms", timeout="600ms", **flags):
        self.prefix, self.count = prefix, count
        self.timeout = _nanos(timeout)
        self.interval = _nanos(interval)
        super().__init__(binary, f"--server={server}", f"--board={board}", f"--prefix={prefix}", f"--count={count}",
                         f"--processes={processes or count}", f"--kind={kind}", f"--interval={interval}",
                         f"--timeout={timeout}", *[f"--{key}={value}" for key, value in flags.items()], host=host)
        self.line()
        with open(board, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), count * self.SLOT.size)

    def end(self):
        # It ends its own, and waits for them, when its stdin does.
        self.popen.stdin.close()
        self.wait(10)
        super().end()

    def slot(self, member):
        """(pid, state, last_ping, written, incarnation, answers, losses)"""
        return self.SLOT.unpack_from(self._map, member * self.SLOT.size)[:7]

    def pid_of(self, member):
        return self.slot(member)[0]

    def pids(self):
        return sorted({self.pid_of(member) for member in range(self.count)})

    def id(self, member):
        return f"{self.prefix}{member}"

    def ids(self):
        return [self.id(member) for member in range(self.count)]

    def last_ping(self, member):
        return self.slot(member)[2]

    def wait_until_live(self, seconds=60):
        poll(lambda: all(self.slot(m)[4] and self.slot(m)[2] for m in range(self.count)), seconds,
             f"not all of {self.count} {self.prefix}* are welcomed")

    def kill(self, member, number):
        # Its parent has not waited for it, so the pid is still its own.
        os.kill(self.pid_of(member), number)

    def deadline(self, member, stopped_at):
        """When the member, stopped at `stopped_at`, is overdue by its own account; None if it may have sent
        one more ping than it had time to note."""
        last = self.last_ping(member)
        if stopped_at > last + self.interval - 3 * MS:
            return None
        return last + self.timeout


def _nanos(text):
    for unit, factor in (("ms", MS), ("s", 1000 * MS)):
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * factor)
    raise ValueError(text)
