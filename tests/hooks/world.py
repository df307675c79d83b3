"""A livenessd with hooks, clients of it, and receivers: real processes, which end with the world."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(os.environ["LIVENESS_BUILD"]) / "bin"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# For what takes a second on a machine that is at rest.
PATIENCE_S = 60


def until(what, holds, patience=PATIENCE_S):
    """What `holds` returns, once that is true."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if result := holds():
            return result
        time.sleep(0.05)
    raise AssertionError(f"it did not come to pass that {what}")


class Receiver:
    """receiver.py, or another program that says `port N` and then tells each request as a line of JSON."""

    def __init__(self, world, *command):
        self.process = world.start(*(command or [sys.executable, HERE / "receiver.py"]))
        self.port = int(until("a receiver listens", lambda: re.match(r"port (\d+)\n", self.process.log.read_text())).group(1))

    def url(self, path="/ok", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def requests(self, path=None):
        lines = self.process.log.read_text().splitlines(keepends=True)[1:]
        told = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")]
        return [each for each in told if path is None or each["path"] == path]

    def events(self, path=None):
        return [json.loads(each["body"]) for each in self.requests(path)]


class World:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="liveness-hooks-"))
        self.processes = []
        (self.folder / "key").write_text(KEY + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)

    def start(self, *command):
        path = self.folder / f"{len(self.processes)}.log"
        with path.open("w") as log:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        process.log = path
        self.processes.append(process)
        return process

    def configure(self, hooks):
        """`hooks`: dictionaries of their keys."""
        lines = []
        for hook in hooks:
            lines.append("[[hook]]")
            for key, value in hook.items():
                lines.append(f"{key} = {json.dumps(value)}")
        (self.folder / "livenessd.toml").write_text("\n".join(lines) + "\n")

    def server(self, hooks, *flags):
        self.configure(hooks)
        self.process = self.start(BIN / "livenessd", f"--config={self.folder / 'livenessd.toml'}", "--listen=127.0.0.1:0",
                                  "--http-listen=127.0.0.1:0", f"--data-dir={self.folder / 'data'}", *flags)
        find = lambda words: re.search(rf"^{words} (\S+)$", self.process.log.read_text(), re.M)
        self.http = until("the server listens", lambda: find("http on") or self.ended()).group(1)
        self.grpc = find("listening on").group(1)

    def ended(self):
        assert self.process.poll() is None, self.process.log.read_text()

    def beat(self, name, *flags):
        """A client that is live."""
        process = self.start(BIN / "livenessctl", f"--server={self.grpc}", "beat", f"--id={name}", "--interval=500ms",
                             "--timeout=5s", *flags)
        until(f"{name} is live", lambda: "LIVE" in process.log.read_text())
        return process

    def watch_words(self):
        """A command that writes what is told, a line of JSON each."""
        return BIN / "livenessctl", f"--server={self.grpc}", "watch", "-o", "json"

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def ctl(self, *words):
        done = subprocess.run([BIN / "livenessctl", f"--server={self.grpc}", *words], text=True, capture_output=True,
                              timeout=60)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def metric(self, series):
        with urllib.request.urlopen(f"http://{self.http}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0


def states(events, name):
    """The states that one client was told to be in, in order."""
    return [event["data"]["to_state"].removeprefix("STATE_") for event in events
            if event["type"] == "liveness.v1.Transition" and event["data"]["client_id"] == name]
