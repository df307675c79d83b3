"""A copy of the sources with all their mutants in it, built once."""
import os
import pathlib
import shutil
import subprocess
import sys

import schemata

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRESET = "dev"


class Workshop:
    """`numbered` maps a path to its (number, mutant)s; those that do not compile are taken out of it."""

    def __init__(self, place, numbered):
        self.source, self.numbered = place / "src", numbered
        self.build = self.source / "build" / PRESET
        self.environment = {**os.environ, "CCACHE_BASEDIR": str(self.source), "CCACHE_NOHASHDIR": "1",
                            "CCACHE_SLOPPINESS": "pch_defines,time_macros"}
        self.not_compiled = []
        self._copy()
        if not (self.build / "build.ninja").exists():
            cache = ("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",) if shutil.which("ccache") else ()
            subprocess.run(("cmake", "--preset", PRESET, *cache), cwd=self.source, env=self.environment, check=True,
                           stdout=subprocess.DEVNULL)

    def make(self, targets):
        """Builds; what a mutant keeps from it is left out, and built again."""
        while True:
            done = subprocess.run(("cmake", "--build", self.build, "-j2", "--target", *targets, "--", "-k0"),
                                  env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode == 0:
                return
            if not self._leave_out(*schemata.blamed(done.stdout)):
                sys.exit(f"it does not build:\n{done.stdout[-4000:]}")
            self._copy()

    def _leave_out(self, numbers, places):
        """Whether that is anything."""
        before = len(self.not_compiled)
        for path, mutants in self.numbered.items():
            lines = {line for where, line in places if where.endswith(str(path))}
            text = schemata.SourceText((ROOT / path).read_text()) if lines else None
            for each in list(mutants):
                number, mutant = each
                if number in numbers or any(text.line(mutant.start) <= line <= text.line(mutant.end) for line in lines):
                    mutants.remove(each)
                    self.not_compiled.append(number)
        return len(self.not_compiled) > before

    def _copy(self):
        """Only what differs is written: the rest needs no build."""
        listed = subprocess.run(("git", "ls-files", "-zco", "--exclude-standard"), cwd=ROOT, check=True,
                                capture_output=True, text=True).stdout
        names = {name for name in listed.split("\0") if (ROOT / name).is_file()}
        for old in [p for p in self.source.rglob("*") if p.is_file() and not p.is_relative_to(self.source / "build")]:
            if str(old.relative_to(self.source)) not in names:
                old.unlink()
        for name in names:
            content, target = self._content(name), self.source / name
            if not target.exists() or target.read_bytes() != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                target.chmod((ROOT / name).stat().st_mode)

    def _content(self, name):
        mutants = self.numbered.get(pathlib.Path(name))
        if not mutants:
            return (ROOT / name).read_bytes()
        return schemata.schemata((ROOT / name).read_text(), mutants, self.source / name).encode()
