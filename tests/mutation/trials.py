"""Which test cases come by which mutant's place, and what they say when it is on."""
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

# So many cases, the quickest first, share a process.
CASES_AT_ONCE = 30
# A fault may ask for memory without end, or for time: of the processor's, because a busy machine makes all slow.
BOUNDED = ("prlimit", f"--as={4 << 30}")


@dataclasses.dataclass
class Case:
    program: str
    name: str
    seconds: float
    reaches: frozenset
    passes: bool = True


class Trials:
    def __init__(self, tests, remembered):
        """`tests` is where the programs are; `remembered` a file that keeps what is known of those not built anew."""
        self._tests, self._remembered, self.cases = tests, remembered, []

    def look(self, programs):
        """Runs each case of them once, alone."""
        known = json.loads(self._remembered.read_text()) if self._remembered.exists() else {}
        for program in programs:
            built = self._built(program)
            if known.get(program, {}).get("built") != built:
                known[program] = {"built": built, "cases": [self._alone(program, name) for name in self._names(program)]}
                self._remembered.write_text(json.dumps(known))
            for name, seconds, reaches, passes in known[program]["cases"]:
                self.cases.append(Case(program, name, seconds, frozenset(reaches), passes))

    def of(self, number, programs):
        """The cases of these that reach it: program by program in their order, the quickest first."""
        return sorted((c for c in self.cases if c.program in programs and number in c.reaches and c.passes),
                      key=lambda c: (programs.index(c.program), c.seconds))

    def noticed_by(self, number, programs):
        """What of these programs fails with it, or None."""
        cases = self.of(number, programs)
        while cases:
            some = [c for c in cases[:CASES_AT_ONCE] if c.program == cases[0].program]
            cases = cases[len(some):]
            if (failing := self._fails(some, number)) is not None:
                return failing
        return None

    def _fails(self, cases, number):
        command = (self._tests / cases[0].program, "--gtest_fail_fast", "--gtest_filter=" + ":".join(c.name for c in cases))
        try:
            usual = sum(c.seconds for c in cases)
            command = (f"--cpu={3 + int(3 * usual)}", *command)
            done = self._run(command, LIVENESS_MUTANT=number, timeout=20 + 10 * usual)
        except subprocess.TimeoutExpired:
            return f"{cases[0].program} (hangs)"
        if done.returncode == 0:
            return None
        if done.returncode == -signal.SIGXCPU:
            return f"{cases[0].program} (runs on)"
        failed = re.search(r"\[  FAILED  \] (\S+?)[ ,(]", done.stdout)
        return failed.group(1) if failed else f"{cases[0].program} (crashes)"

    def _alone(self, program, name):
        with tempfile.TemporaryDirectory() as place:
            file = pathlib.Path(place) / "reached"
            begun = time.monotonic()
            done = self._run((self._tests / program, "--gtest_filter=" + name), LIVENESS_MUTANTS_REACHED=file, timeout=600)
            seconds = time.monotonic() - begun
            reached = {n for each in pathlib.Path(place).iterdir() for n, byte in enumerate(each.read_bytes()) if byte}
        return name, seconds, sorted(reached), done.returncode == 0

    def _names(self, program):
        suite, names = "", []
        for line in self._run((self._tests / program, "--gtest_list_tests"), timeout=60).stdout.splitlines():
            word = line.split("#")[0].rstrip()
            if not line.startswith(" "):
                suite = word
            elif not word.strip().startswith("DISABLED_"):
                names.append(suite + word.strip())
        return [name for name in names if re.fullmatch(r"[\w/]+\.[\w/]+", name)]

    def _built(self, program):
        """Changes when it, or a program that it may start, does."""
        found = [self._tests / program, *sorted((self._tests.parent / "bin").glob("*"))]
        return [(p.name, p.stat().st_mtime) for p in found if p.is_file()]

    @staticmethod
    def _run(command, timeout, **variables):
        return subprocess.run([*BOUNDED, *map(str, command)], env={**os.environ, **{k: str(v) for k, v in variables.items()}},
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", timeout=timeout, check=False)
