"""What the documents name exists: files, and members of classes."""
import re

NAMED = re.compile(r"`([A-Za-z][\w.-]*(?:/[\w.-]+)+/?)`")
PLACES = ("bench/", "client/", "common/", "deploy/", "docs/", "examples/", "proto/", "server/", "tests/", "web/")
MEMBER = re.compile(r"`([A-Z]\w+)::([A-Z]\w+)(?:\(\))?`")


def named(text):
    """Yields (line, path) for each file or folder of ours that is named in backticks."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in NAMED.finditer(line):
            if match.group(1).startswith(PLACES):
                yield number, match.group(1)


def check(root, text, code):
    """A file may be named without its suffix. `code`: the text of all sources. Yields (line, message)."""
    for number, path in named(text):
        if not any((root / (path + suffix)).exists() for suffix in ("", ".h", ".cc")):
            yield number, f"`{path}` is not there"
    for number, line in enumerate(text.splitlines(), 1):
        for match in MEMBER.finditer(line):
            owner, member = match.groups()
            if f" {owner}" in code and not re.search(rf"\b{member}\(", code):
                yield number, f"`{owner}::{member}` is not there"
