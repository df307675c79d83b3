#!/usr/bin/env python3
"""Keeps the shape of the code: who includes whom, who reads a clock, what may grow under
the registry's lock, how long a file is.

    check_includes.py [ROOT]   prints each fault as FILE:LINE: what is wrong; exits 1 if there is one

The arrows are: app -> rpc, http, registry, storage, net, auth -> core -> common, and the client
never includes the server. Public headers include nothing of ours but <liveness/...>.
Its own test is check_includes_test.py.
"""
import pathlib
import re
import sys

# What each folder may include of ours, besides itself. A file falls under the longest row that it lies in.
CORE = ["server/core", "common"]
# A role of rpc: not its neighbours, nor how the registry comes to its verdicts.
ROLE = ["server/rpc/engine", "server/rpc/convert", "server/registry", "server/registry/records", "server/registry/watch",
        "server/storage", "server/net", "server/auth", "proto", "common/grpc"] + CORE
ROLES = ["server/rpc/" + role for role in ("convert", "engine", "heartbeat", "query", "operate", "canary")]
MAY_INCLUDE = {
    "common": [],
    "common/grpc": ["common"],
    "server/core": ["common"],
    "server/storage": ["proto/storage"] + CORE,
    "server/storage/etcd": ["server/storage", "proto/storage", "proto/etcd", "common/grpc"] + CORE,
    "server/net": ["common/grpc"] + CORE,
    "server/auth": CORE,
    "server/registry": ["server/registry/records", "server/registry/conditions", "server/registry/ledger",
                        "server/registry/life", "server/registry/watch", "server/storage"] + CORE,
    "server/registry/records": ["server/storage"] + CORE,
    "server/registry/conditions": ["server/registry/records", "server/storage"] + CORE,
    "server/registry/ledger": ["server/registry/records", "server/registry/conditions", "server/storage"] + CORE,
    "server/registry/life": ["server/registry/records", "server/registry/conditions", "server/registry/ledger",
                             "server/storage"] + CORE,
    "server/registry/watch": ["server/registry/records", "server/storage"] + CORE,
    "server/rpc/convert": ["proto", "server/registry/records"] + CORE,
    "server/rpc/engine": ["server/rpc/convert", "server/net", "server/auth", "proto", "common/grpc"] + CORE,
    "server/rpc/heartbeat": ROLE,
    "server/rpc/query": ROLE,
    "server/rpc/operate": ROLE,
    "server/rpc/canary": ROLE,
    "server/http": ["server/rpc/convert", "server/rpc/query", "server/registry", "server/registry/records",
                    "server/registry/watch", "server/storage", "server/net", "server/auth", "proto"] + CORE,
    "server/app": ROLES + ["server/http", "server/registry", "server/registry/records", "server/registry/watch",
                           "server/storage", "server/storage/etcd", "server/net", "server/auth", "common/grpc"] + CORE,
    "client/include": ["public"],
    "client/src": ["public", "proto", "common", "common/grpc"],
    "client/cli": ["public", "proto", "common", "common/grpc"],
    "examples": ["public"],
}

# Headers of others that a folder must not know.
GRPC = r"grpc(pp)?/|grpc\+\+/|google/protobuf/"
THREADS = r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|stop_token)$|common/mutex\.h$"
LOGS = r"spdlog/|absl/log/"
MUST_NOT_INCLUDE = {
    "common": f"{GRPC}|{LOGS}",
    "common/grpc": LOGS,
    "server/core": f"{GRPC}|{THREADS}|{LOGS}",
    # Stored records are Protobuf messages; to speak gRPC is the etcd store's alone.
    "server/storage": r"grpc(pp)?/|grpc\+\+/",
    "server/registry": GRPC,
    # What is decided and not yet committed is the registry's alone.
    **dict.fromkeys(ROLES, r"server/registry/(parts|queries|records/effects)\.h"),
    "client/include": f"{GRPC}|{LOGS}",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
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

LONG, TOO_LONG = 300, 500
FOLDERS = ("common", "server", "client", "examples", "tests", "bench")
LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def strip_comments_and_strings(text):
    """The same number of lines, with all that is no code blanked out."""
    return LITERAL.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def folder_of(path):
    """The row of MAY_INCLUDE that `path` falls under, the longest; "" if there is none."""
    rows = [row for row in MAY_INCLUDE if path.startswith(row + "/")]
    return max(rows, key=len, default="") or ("" if path.startswith(("server/", "client/")) else path.split("/")[0])


def target_of(bracket, header):
    """The folder of ours that an include names, or None for somebody else's."""
    if re.match(r"liveness/storage/.*\.pb\.h$", header):
        return "proto/storage"
    if re.match(r"etcd/.*\.pb\.h$", header):
        return "proto/etcd"
    if re.match(r"(liveness|grpc/health)/.*\.pb\.h$", header):
        return "proto"
    if header.startswith("liveness/"):
        return "public"
    if header.split("/")[0] in ("common", "server", "client", "tests", "bench", "examples"):
        return folder_of(header)
    return None if bracket == "<" or "/" in header else "unrooted"


def check_includes(path, text):
    folder = folder_of(path)
    if folder.split("/")[0] in ("tests", "bench"):
        return
    if folder not in MAY_INCLUDE:
        yield 1, f"the folder '{folder or path}' has no row in MAY_INCLUDE of tests/lint/check_includes.py"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, header = match.groups()
        banned = MUST_NOT_INCLUDE.get(folder)
        if banned and re.match(banned, header):
            yield number, f"{folder} must not include {header}"
        target = target_of(bracket, header)
        if target == "unrooted":
            yield number, f"write \"{header}\" from the root of the project"
        elif target == "public" and bracket == '"':
            yield number, f"public headers are included as <{header}>"
        elif target == "public" and folder == "client/include" or target is None or target == folder:
            continue
        elif target not in MAY_INCLUDE[folder]:
            yield number, f"{folder} must not include {target or header}"


def check_clocks(path, text):
    if not path.startswith(CLOCK_FREE) or MAY_READ_CLOCKS.match(path):
        return
    for number, line in enumerate(strip_comments_and_strings(text).splitlines(), 1):
        match = CLOCK.search(line)
        if match:
            hint = "; a gRPC deadline may be a GPR_TIMESPAN" if "gpr_now" in match.group() else ""
            yield number, f"'{match.group().strip()}': only common/clock reads a clock or sleeps{hint}"
        if path.startswith("server/core/") and NO_CLOCK_OBJECT.search(line):
            yield number, "the core takes `now` as an argument"


def check_hash_tables(path, text):
    """A member that is a hash table and does not say what bounds it."""
    if not path.startswith(UNDER_THE_LOCK) or not path.endswith(".h"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if HASH_TABLE.search(strip_comments_and_strings(line)) and "bounded" not in line:
            yield number, ("a hash table is moved as a whole when it grows or fills with what was erased, 10 ms with the "
                           "lock held for 50,000 clients: take an ordered one, or say `// bounded: by what`")


def check_size(path, text):
    lines = text.count("\n")
    if lines > TOO_LONG:
        yield lines, f"{lines} lines; {TOO_LONG} is the most, split it by idea"


def faults(root):
    """Yields (path, line, message), and prints nothing."""
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in (".h", ".cc") or "node_modules" in file.parts:
                continue
            path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
            for check in (check_includes, check_clocks, check_hash_tables, check_size):
                for line, message in check(path, text):
                    yield path, line, message


def long_files(root):
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".cc"):
                lines = file.read_text(encoding="utf-8").count("\n")
                if LONG < lines <= TOO_LONG:
                    yield file.relative_to(root).as_posix(), lines


def main(argv):
    root = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parents[2])
    found = list(faults(root))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    for path, lines in long_files(root):
        print(f"{path}: {lines} lines, more than {LONG}: one idea per file (a hint, no fault)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
