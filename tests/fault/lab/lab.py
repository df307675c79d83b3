"""What every scenario is handed: starts things, ends them, and draws seeded chance."""
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

from lab import forwarder
from lab.namespaces import Network
from lab.processes import Fleet, Listener, Process, Server, Watcher
from lab.report import Outcome


def say(text):
    print(f"fault: {text}", file=sys.stderr, flush=True)


class Lab:
    def __init__(self, build, seed, quick):
        self.bin = pathlib.Path(build) / "bin"
        self.tools = pathlib.Path(build) / "fault"
        self.seed = seed
        self.quick = quick
        self.random = random.Random(seed)
        self.run_id = f"{os.getpid():x}"
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="liveness-fault-"))
        self._ending = []  # what is to be ended, the oldest first
        self._boards = 0

    def begin(self, scenario):
        """A scenario's chance depends on the seed and on its name only."""
        self.random = random.Random(f"{self.seed}/{scenario}")
        return Outcome(scenario)

    def owns(self, thing):
        self._ending.append(thing)
        return thing

    def end_all(self):
        while self._ending:
            thing = self._ending.pop()
            try:
                thing.end()
            except Exception as error:  # the next one must be ended all the same
                say(f"while ending {thing}: {error!r}")

    def close(self):
        self.end_all()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def process(self, *command, **options):
        return self.owns(Process(*command, **options))

    def server(self, *flags, host=None, env=None, listen=None, data=None):
        listen = listen or ("0.0.0.0:7700" if host else "127.0.0.1:0")
        log = open(self.scratch / "livenessd.log", "a")
        # One of its own: a server would know the clients of the scenario before.
        data = data or tempfile.mkdtemp(prefix="data-", dir=self.scratch)
        return self.owns(Server(self.bin / "livenessd", f"--listen={listen}", "--insecure-anonymous=admin,beat,view",
                                f"--data-dir={data}", "--log-level=warn",
                                "--server-id=lab", *flags, host=host, env=env, log=log))

    def echo(self):
        return self.owns(Server(self.tools / "fault_echo", "127.0.0.1:0"))

    def listener(self, process, **options):
        return Listener(process, **options)

    def watch(self, server, filter=""):
        """A watcher next to the server."""
        address = f"127.0.0.1:{server.port}"
        return Watcher(self.process(self.tools / "fault_watcher", address, filter, host=server.host))

    def fleet(self, server, prefix, count, *, address=None, wait=True, **options):
        self._boards += 1
        fleet = self.owns(Fleet(self.tools / "fault_fleet", address or server.address,
                                self.scratch / f"board-{self._boards}", prefix=prefix, count=count, **options))
        if wait:
            fleet.wait_until_live()
        return fleet

    def beat(self, server, client_id, *flags, host=None, interval="200ms", timeout="600ms"):
        return self.process(self.bin / "livenessctl", f"--server={server.address}", "beat", f"--id={client_id}",
                            f"--interval={interval}", f"--timeout={timeout}", *flags, host=host)

    def network(self):
        return self.owns(Network(self.run_id))

    def path(self, client, server, number):
        """A forwarder between two hosts; the server is at 10.78.NUMBER.1 for the client."""
        process = self.process(sys.executable, forwarder.__file__, client.namespace, server.namespace, number,
                               f"{self.seed}/{number}")
        process.line()
        return process

    def sleep(self, seconds):
        time.sleep(seconds)

    def jitter(self, low, high):
        """Sleeps a random time between two, in seconds."""
        time.sleep(self.random.uniform(low, high))
