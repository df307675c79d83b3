#!/usr/bin/env python3
"""Runs the commands of one page and compares what they print.

    page.py PAGE BIN_DIR    exits 1 at the first command that prints something else than the page says

Expects to have a network and processes of its own (run makes them): livenessd listens on its default ports. The
commands run in a folder that looks like the root of the sources to them: proto, examples, deploy, build/release/bin.
"""
import pathlib
import re
import sys
import tempfile
import time

import compare
import pages
import shell

ROOT = pathlib.Path(__file__).resolve().parents[2]
# These only ask. A reader is slower than this script, so they may be asked again until what the page shows is so.
ASKS = re.compile(r"^(?:livenessctl (?:list|get|stats|transitions|server info|server\b(?! drain| undrain)|health)|curl |cat |ps )")
PATIENCE = 20.0

DEV = """#!/bin/sh
# What ./dev runs, less the build.
case $1 in
  demo) exec examples/demo.sh build/release/bin ;;
  *) echo "the tests of the docs do not run ./dev $1" >&2; exit 9 ;;
esac
"""


def furnish(folder, bin_folder):
    for name in ("proto", "examples", "deploy"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/bin").symlink_to(bin_folder)
    (folder / "dev").write_text(DEV, encoding="utf-8")
    (folder / "dev").chmod(0o755)


def run_background(bash, command):
    """Returns what it printed if that is not as the page says, else None."""
    output = bash.start(command.text)
    until = time.monotonic() + PATIENCE
    while True:
        printed = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        if compare.reads(command.output, printed, between=True):
            return None
        if time.monotonic() > until:
            return printed
        time.sleep(0.05)


def run_foreground(bash, command, is_looked_at):
    """The same for a command that ends. `is_looked_at`: the page goes on with its exit code."""
    until = time.monotonic() + PATIENCE
    while True:
        printed, code = bash.run(command.text)
        is_right = compare.reads(command.output, printed)
        if is_right and (code == 0 or command.output or is_looked_at):
            return None
        if not ASKS.match(command.text) or time.monotonic() > until:
            return printed + (f"(exit code {code})\n" if code else "")
        time.sleep(0.2)


def run_page(page, bin_folder, show=lambda text: None):
    """Returns the first difference as text, or None. `show` is told each command before it runs."""
    steps = list(pages.steps(page.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory(prefix="liveness-docs-") as name:
        folder = pathlib.Path(name)
        furnish(folder, bin_folder)
        bash = shell.Shell(folder, shell.environment(folder, bin_folder))
        try:
            for command, after in zip(steps, [*steps[1:], None]):
                if isinstance(command, pages.Block):
                    (folder / command.file).write_text("\n".join(command.lines) + "\n", encoding="utf-8")
                    continue
                show(f"{page.name}:{command.line}: $ {command.text}")
                try:
                    if command.text.rstrip().endswith("&"):
                        printed = run_background(bash, command)
                    else:
                        printed = run_foreground(bash, command, "$?" in getattr(after, "text", ""))
                except shell.Stuck as stuck:
                    printed = str(stuck)
                if printed is not None:
                    return (f"{page.name}:{command.line}: $ {command.text}\n--- the page says\n" +
                            "\n".join(command.output) + f"\n--- it printed\n{printed}")
        finally:
            bash.close()
    return None


def main(argv):
    page, bin_folder = pathlib.Path(argv[1]), pathlib.Path(argv[2]).resolve()
    difference = run_page(page, bin_folder, lambda text: print(text, file=sys.stderr))
    if difference:
        print(difference)
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
