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
    """A file may be named without its suffix. `code`: the texts of all sources. Yields (line, message)."""
    for number, path in named(text):
        if not any((root / (path + suffix)).exists() for suffix in ("", ".h", ".cc")):
            yield number, f"`{path}` is not there"
    for number, line in enumerate(text.splitlines(), 1):
        for match in MEMBER.finditer(line):
            owner, member = match.groups()
            declared = [each for each in code if re.search(rf"\b(?:class|struct)\b[^;{{]*\b{owner}\b[^;{{]*{{", each)]
            if declared and not any(re.search(rf"\b{member}\(", each) for each in declared):
                yield number, f"`{owner}::{member}` is not there"
