"""Who reads a clock, and what may grow under the registry's lock."""
import re

from sources import strip_comments_and_strings

CLOCK = re.compile(
    r"(system|steady|high_resolution|utc|tai|gps|file)_clock::now\b|\babsl::(Now|SleepFor|GetCurrentTimeNanos)\b"
    r"|\bsleep_(for|until)\b|\b(clock_gettime|clock_nanosleep|gettimeofday|nanosleep|usleep|gpr_now|timespec_get)\b"
    r"|(?<![\w.>:])(::|std::)?(time|sleep)\s*\(\s*(nullptr|NULL|0|&?\w+)?\s*\)|\b__rdtscp?\b")
CLOCK_FREE = ("common/", "server/", "client/", "tests/unit/")
MAY_READ_CLOCKS = re.compile(r"^common/(clock[^/]*|mutex\.h)$")
# The pure rules take `now` as an argument: not even the handed-out clock is theirs.
NO_CLOCK_OBJECT = re.compile(r"\bSystemClock\s*\(|\bconst\s+(common::)?Clock\b")
# What the registry's lock guards may hold a million clients.
UNDER_THE_LOCK = ("server/core/", "server/registry/")
HASH_TABLE = re.compile(r"\b(flat_hash_|node_hash_|unordered_(multi)?)(map|set)\s*<")


def clocks(path, text):
    if not path.startswith(CLOCK_FREE) or MAY_READ_CLOCKS.match(path):
        return
    for number, line in enumerate(strip_comments_and_strings(text).splitlines(), 1):
        match = CLOCK.search(line)
        if match:
            hint = "; a gRPC deadline may be a GPR_TIMESPAN" if "gpr_now" in match.group() else ""
            yield number, f"'{match.group().strip()}': only common/clock reads a clock or sleeps{hint}"
        if path.startswith("server/core/") and NO_CLOCK_OBJECT.search(line):
            yield number, "the core takes `now` as an argument"


def hash_tables(path, text):
    """A member that is a hash table and does not say what bounds it."""
    if not path.startswith(UNDER_THE_LOCK) or not path.endswith(".h"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if HASH_TABLE.search(strip_comments_and_strings(line)) and "bounded" not in line:
            yield number, ("a hash table is moved as a whole when it grows or fills with what was erased, 10 ms with the "
                           "lock held for 50,000 clients: take an ordered one, or say `// bounded: by what`")
