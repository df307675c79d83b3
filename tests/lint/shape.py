"""How long a file is, how many a folder holds, and that a class lives in one place."""
import collections
import pathlib
import re

from sources import strip_comments_and_strings

# One idea per file. A header is a manual, and a .cc has one more screen for its includes.
MOST_LINES = {".h": 320, ".cc": 340}
# More side by side are a list, not a map.
MOST_FILES = 40

# `Result Class::Member(` or `Class::Class(` at the start of a line: a member is defined.
MEMBER = re.compile(r"^(?![#}\s])(?!(?:using|static_assert|return)\b)[^=;(]*?\b([A-Z]\w*)(?:<[^()]*>)?(?:::[A-Za-z]\w*)*::~?\w+\s*\(", re.M)
DECLARED = r"\b(?:class|struct)\b[^;{{}}()]*(?:\([^)]*\)[^;{{}}()]*)*\b{}\b[^;{{}}]*{{"


def lines(path, text):
    count, most = text.count("\n"), MOST_LINES[pathlib.PurePath(path).suffix]
    if count > most:
        yield count, f"{count} lines; {most} are the most, split it by idea"


def members(path, text, header):
    """`header`: the text of the .h beside a .cc; empty if there is none."""
    if not path.endswith(".cc"):
        return
    code = strip_comments_and_strings(text)
    known = strip_comments_and_strings(header) + code
    told = set()
    for match in MEMBER.finditer(code):
        name = match.group(1)
        if name not in told and not re.search(DECLARED.format(name), known):
            told.add(name)
            yield code.count("\n", 0, match.start(1)) + 1, (
                f"a member of {name}, which is declared neither here nor in this file's own header: a class of many "
                "files is too much to hold in a head, give the part that lives here a class of its own")


def folders(paths):
    """Yields (folder, 1, message)."""
    counts = collections.Counter(str(pathlib.PurePath(path).parent) for path in paths)
    for folder, count in sorted(counts.items()):
        if count > MOST_FILES:
            yield folder, 1, f"{count} files side by side; {MOST_FILES} are the most, make folders by theme"
