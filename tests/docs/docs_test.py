"""Each page of the docs is a test: its commands run, and print what it says. Started by ./run."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import unittest

import pages

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Pages wait more than they work.
AT_ONCE = 8
LONGEST = 180.0


def run(page):
    inside = "hostname box; ip link set lo up; exec \"$@\""
    command = [*os.environ["DOCS_ISOLATE"].split(), "bash", "-c", inside, "_", sys.executable, str(HERE / "page.py"),
               str(page), os.environ["DOCS_BIN"]]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST)


class DocsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The pages that take longest are those with the most commands.
        cls.pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        by_length = sorted(PAGES, key=lambda page: page.name != "README.md")
        cls.results = {page: cls.pool.submit(run, page) for page in by_length if list(cls.console(page))}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)

    @staticmethod
    def console(page):
        return (block for block in pages.blocks(page.read_text(encoding="utf-8")) if block.kind == "console")

    def check(self, page):
        faults = [f"{page.name}:{line}: {message}" for line, message in pages.faults(page.read_text(encoding="utf-8"))]
        self.assertEqual(faults, [])
        if page not in self.results:
            return
        result = self.results[page].result()
        if result.returncode != 0:
            self.fail(result.stdout or result.stderr)


def add(page):
    name = "test_" + re.sub(r"\W", "_", page.stem.lower()) + ("_of_the_project" if page.parent == ROOT else "")
    setattr(DocsTest, name, lambda self: self.check(page))


for each in PAGES:
    add(each)

if __name__ == "__main__":
    unittest.main()
