"""The C++ on the pages compiles, against the public headers alone."""
import pathlib
import shutil
import subprocess
import unittest

import pages

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What a reader has already, in whose function the lines stand.
BEFORE = """
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <gmock/gmock.h>
#include <liveness/client.h>
#include <liveness/mock_client.h>
using testing::Return;
struct Item {};
struct Queue { Item Pop(); };
int Fail(const std::string& why);
void Handle(const Item& item);
extern Queue queue;
extern bool running;
extern std::unique_ptr<liveness::Client> client;
"""


def blocks():
    """Yields (page, block) for all C++ on the pages."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in pages.blocks(page.read_text(encoding="utf-8")):
            if block.kind == "cpp":
                yield page, block


def function(number, page, block):
    """A block as a function of its own; what the compiler says of it names the page and the line."""
    lines = ["" if line.startswith("#include") else line for line in block.lines]
    return "\n".join([f"int ReadersFunction{number}() {{", f'#line {block.line + 1} "{page.name}"', *lines, "return 0;", "}", ""])


class CppTest(unittest.TestCase):
    def test_the_blocks_compile(self):
        if not shutil.which("g++"):
            self.skipTest("there is no g++")
        found = list(blocks())
        self.assertGreater(len(found), 3)
        includes = [line for _, block in found for line in block.lines if line.startswith("#include")]
        program = "\n".join([*includes, BEFORE, *(function(number, *each) for number, each in enumerate(found))])
        command = ["g++", "-std=c++20", "-fsyntax-only", f"-I{ROOT / 'client/include'}", "-x", "c++", "-"]
        result = subprocess.run(command, input=program, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.stderr, "")


if __name__ == "__main__":
    unittest.main()
