"""Does what a command printed read as the page says?

Blanks count as one blank, and times, 64-bit revisions and random ids are alike: a page may show those that
somebody saw. All else is compared as it stands, but for `…` (see pages.py).
"""
import re

ANY = "…"
ALIKE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+\d\d:\d\d)"), "<time>"),
    (re.compile(r"\b\d{13,20}\b"), "<revision>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,64}\b"), "<id>"),
)
# What a shell says of a process that ended by a signal; an interactive one says it in other words.
JOB = re.compile(r"^\S+: line \d+: +\d+ (?:Killed|Terminated|Stopped|Hangup|Interrupt)\b")


def alike(line):
    for pattern, name in ALIKE:
        line = pattern.sub(name, line)
    return re.sub(r"\s+", " ", line).strip()


def pattern(expected, between=False):
    """The regular expression of expected lines. `between`: others may lie between them and after them."""
    parts = []
    for line in expected:
        if between:
            parts.append(r"(?:.*\n)*?")
        if line.strip() == ANY:
            parts.append(r"(?:.*\n)*")
        else:
            parts.append(".*".join(re.escape(part) for part in re.split(rf" ?{ANY} ?", alike(line))) + r"\n")
    if between:
        parts.append(r"(?:.*\n)*")
    return re.compile("".join(parts))


def reads(expected, printed, between=False):
    """True if the text `printed` reads as the lines `expected`."""
    lines = [alike(line) for line in printed.splitlines() if not JOB.match(line)]
    expected = list(expected)
    while not between and expected and not expected[-1].strip():
        expected.pop()
    while lines and not lines[-1]:
        lines.pop()
    return pattern(expected, between).fullmatch("".join(line + "\n" for line in lines)) is not None
