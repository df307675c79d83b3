"""One bash that runs a page's commands, one after the other, as a reader's terminal would."""
import contextlib
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

END = "--- end of command ---"


class Stuck(Exception):
    """A command did not end in time."""


class Shell:
    """Each command's stdout and stderr come back as one text. Not thread-safe."""

    def __init__(self, folder, environment):
        self.folder = pathlib.Path(folder)
        self.count = 0
        self.kept = self.folder / ".output"
        self.kept.mkdir(exist_ok=True)
        self.bash = subprocess.Popen(["bash", "--norc", "--noprofile"], cwd=folder, env=environment,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     start_new_session=True, text=True, errors="replace")
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.bash.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def run(self, command, timeout=60.0, output=""):
        """Returns (what it printed, its exit code). $? and $! are the next command's to read."""
        script = self._script(command)
        where = f" >{output} 2>&1" if output else ""
        self.bash.stdin.write(f". {script} </dev/null{where}; __code=$?; printf '\\n%s %s\\n' '{END}' $__code; "
                              "(exit $__code)\n")
        self.bash.stdin.flush()
        printed, until = [], time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise Stuck(f"did not end within {timeout:.0f} s; printed so far:\n{''.join(printed)}") from None
            if line is None:
                raise Stuck(f"the shell ended; printed so far:\n{''.join(printed)}")
            if line.startswith(END):
                text = "".join(printed)
                return (text[:-1] if text.endswith("\n") else text), int(line.removeprefix(END))
            printed.append(line)

    def start(self, command):
        """Runs a command that ends in `&`. Returns the file that its output goes to."""
        output = self.kept / f"{self.count}.out"
        output.touch()
        self.run(command, output=output)
        return output

    def _script(self, command):
        self.count += 1
        script = self.kept / f"{self.count}.sh"
        script.write_text(command + "\n", encoding="utf-8")
        return script

    def close(self):
        """What it started ends with its group; what has left that is for whoever made the process namespace."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.bash.pid, signal.SIGKILL)
        self.bash.wait()
        self.bash.stdin.close()
        # Whoever has left the group may hold the pipe open for as long as it likes.
        self.reader.join(0.5)
        if not self.reader.is_alive():
            self.bash.stdout.close()


def environment(folder, bin_folder):
    """A reader's: the binaries and pki.sh are on the path, nothing of ours is set."""
    kept = {key: os.environ[key] for key in ("NODE_PATH", "PYTHONPATH") if key in os.environ}
    # Debian's Python comes first: other ones have no grpcio of Debian's.
    path = f"{bin_folder}:{ROOT / 'deploy'}:/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"
    return kept | {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC", "USER": "me"}
