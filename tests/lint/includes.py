"""Who includes whom.

The arrows are: app -> rpc, http, registry, storage, net, auth -> core -> common, and the client
never includes the server. Public headers include nothing of ours but <liveness/...>.
"""
import re

# What each folder may include of ours, besides itself. A file falls under the longest row that it lies in.
CORE = ["server/core", "common"]
# A role of rpc: not its neighbours, nor how the registry comes to its verdicts.
ROLE = ["server/rpc/engine", "server/rpc/convert", "server/registry", "server/registry/records", "server/registry/watch",
        "server/storage", "server/net", "server/auth", "proto", "common/grpc"] + CORE
ROLES = ["server/rpc/" + role for role in ("convert", "engine", "heartbeat", "query", "operate", "canary")]
MAY_INCLUDE = {
    "common": [],
    "common/grpc": ["common", "proto"],
    "server/core": ["common"],
    "server/storage": ["proto/storage"] + CORE,
    "server/storage/etcd": ["server/storage", "proto/storage", "proto/etcd", "common/grpc"] + CORE,
    "server/net": ["common/grpc"] + CORE,
    "server/auth": ["server/net", "common/grpc"] + CORE,
    "server/registry": ["server/registry/records", "server/registry/conditions", "server/registry/ledger",
                        "server/registry/life", "server/registry/watch", "server/storage"] + CORE,
    "server/registry/records": ["server/storage"] + CORE,
    "server/registry/conditions": ["server/registry/records", "server/storage"] + CORE,
    "server/registry/ledger": ["server/registry/records", "server/registry/conditions", "server/storage"] + CORE,
    "server/registry/life": ["server/registry/records", "server/registry/conditions", "server/registry/ledger",
                             "server/storage"] + CORE,
    "server/registry/watch": ["server/registry/records", "server/storage"] + CORE,
    "server/rpc/convert": ["proto", "server/auth", "server/registry/records"] + CORE,
    "server/rpc/engine": ["server/rpc/convert", "server/net", "server/auth", "proto", "common/grpc"] + CORE,
    "server/rpc/heartbeat": ROLE,
    "server/rpc/query": ROLE,
    "server/rpc/operate": ROLE,
    "server/rpc/canary": ROLE,
    "server/http": ["server/rpc/convert", "server/rpc/query", "server/registry", "server/registry/records",
                    "server/registry/watch", "server/storage", "server/net", "server/auth", "proto", "common/grpc"] + CORE,
    "server/hooks": ["server/rpc/convert", "server/registry", "server/registry/records", "server/registry/watch",
                     "server/storage", "proto"] + CORE,
    "server/app": ROLES + ["server/http", "server/hooks", "server/registry", "server/registry/records", "server/registry/watch",
                           "server/storage", "server/storage/etcd", "server/net", "server/auth", "proto", "common/grpc"] + CORE,
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

# What runs over any transport, and in a fuzzer: no gRPC, nor our own files that speak it.
ANY_TRANSPORT = re.compile(r"server/rpc/heartbeat/(heartbeat_(protocol|transport|deps|options|codec|hello|welcome|outbox)"
                           r"|ping|ping_wire|stream_link|stream_closer)\.")
SPEAKS_GRPC = re.compile(r"grpc(pp)?/|.*\.grpc\.pb\.h$|server/rpc/heartbeat/heartbeat_(bytes|writer|call|service)\.h"
                         r"|server/rpc/engine/(?!(call_errors|method_figures|stream_quota)\.h)")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


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


def check(path, text):
    folder = folder_of(path)
    if folder.split("/")[0] in ("tests", "bench"):
        return
    if folder not in MAY_INCLUDE:
        yield 1, f"the folder '{folder or path}' has no row in MAY_INCLUDE of tests/lint/includes.py"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, header = match.groups()
        banned = MUST_NOT_INCLUDE.get(folder)
        if banned and re.match(banned, header):
            yield number, f"{folder} must not include {header}"
        if ANY_TRANSPORT.match(path) and SPEAKS_GRPC.match(header):
            yield number, f"runs over any transport, and must not include {header}"
        target = target_of(bracket, header)
        if target == "unrooted":
            yield number, f"write \"{header}\" from the root of the project"
        elif target == "public" and bracket == '"':
            yield number, f"public headers are included as <{header}>"
        elif target == "public" and folder == "client/include" or target is None or target == folder:
            continue
        elif target not in MAY_INCLUDE[folder]:
            yield number, f"{folder} must not include {target or header}"
