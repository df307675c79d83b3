"""What was done to clients, against what servers, watchers and the clients themselves recorded.

    Truth        what the test did: whom it killed, who left, who lives
    Watch        one watcher's lines, as `livenessctl watch -o json` prints them, each with when it was `seen`
    client logs  a line for each change of a client's own state: {"t", "client_id", "state", "incarnation", ...}
    finals       what each server lists at the end, {server: [client, ...]}

Each rule takes of these what it needs and returns what it found wrong, a sentence each. It knows nothing of how a
server works. Times are nanoseconds of CLOCK_MONOTONIC.
"""
import collections
import dataclasses
import json

# Differ by nature from server to server and from moment to moment, or may change without a transition (the attachment).
VOLATILE = ("last_heartbeat_time", "deadline_time", "rtt", "keepalive", "progress", "suspicion_level", "attachment")
LIVE = ("STATE_ALIVE", "STATE_SUSPECT")


@dataclasses.dataclass
class Truth:
    killed: dict = dataclasses.field(default_factory=dict)  # client_id: when, before the signal
    left: set = dataclasses.field(default_factory=set)  # said goodbye to a server that could tell it
    gone: set = dataclasses.field(default_factory=set)  # said goodbye to one that perhaps could not: LEFT or DEAD
    living: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Watch:
    name: str
    lines: list

    def transitions(self):
        """(when it was seen, the transition), in the order of the watch."""
        return [(line["seen"], line["transition"]) for line in self.lines if "transition" in line]

    def snapshot(self):
        return [line["client"] for line in self.lines if "client" in line]

    def snapshot_revision(self):
        return next((int(line["snapshot_done"]["revision"]) for line in self.lines if "snapshot_done" in line), 0)


def text_of(message):
    """A record or a transition in a form that can be compared."""
    stable = {key: value for key, value in message.items() if key not in VOLATILE}
    if "client" in stable:
        stable["client"] = json.loads(text_of(stable["client"]))
    return json.dumps(stable, sort_keys=True)


def short(transition):
    return (f"{transition['client_id']} {transition['from_state']} -> {transition['to_state']} "
            f"({transition['cause']}) at {transition['revision']}")


def is_end(transition, state):
    return transition["to_state"] == state and transition["from_state"] != state


def watch_is_whole(watch):
    """No gap, revisions in order, none twice, and each transition begins where the one before it ended."""
    wrong = [f"{watch.name}: a gap: {line['gap']}" for line in watch.lines if "gap" in line]
    if not any("snapshot_done" in line for line in watch.lines):
        wrong.append(f"{watch.name}: no snapshot")
    known = {client["client_id"]: (client["state"], client["health"]) for client in watch.snapshot()}
    last, told = watch.snapshot_revision(), set()
    for _, transition in watch.transitions():
        client_id, revision = transition["client_id"], int(transition["revision"])
        if revision < last:
            wrong.append(f"{watch.name}: {short(transition)} comes after revision {last}")
        if (client_id, revision) in told:
            wrong.append(f"{watch.name}: told twice: {short(transition)}")
        told.add((client_id, revision))
        last = max(last, revision)
        before = known.get(client_id, ("STATE_UNSPECIFIED", "HEALTH_UNSPECIFIED"))
        if (transition["from_state"], transition["from_health"]) != before:
            wrong.append(f"{watch.name}: {short(transition)}, but it was {before[0]} {before[1]}")
        known[client_id] = (transition["to_state"], transition["to_health"])
        if transition["to_state"] == "STATE_FORGOTTEN":
            del known[client_id]
    return wrong


def one_truth(watches, finals):
    """Whoever tells of a (client, incarnation, revision) tells the same of it."""
    transitions, records = {}, {}
    wrong = []

    def compare(known, of, who, message):
        key = (message["client_id"], message["incarnation"], message["revision"])
        text = text_of(message)
        first_who, first = known.setdefault(key, (who, text))
        if first != text:
            wrong.append(f"two truths of {of} {' '.join(key)}: {first_who} has {first}, {who} has {text}")

    for watch in watches:
        for client in watch.snapshot():
            compare(records, "record", watch.name, client)
        for _, transition in watch.transitions():
            compare(transitions, "transition", watch.name, transition)
            if transition["to_state"] != "STATE_FORGOTTEN":
                compare(records, "record", watch.name, transition["client"])
    for server, clients in finals.items():
        for client in clients:
            compare(records, "record", f"the list of {server}", client)
    return wrong


def same_transitions(watches):
    """What one watch has, every watch has that had begun by then."""
    told = {watch.name: {(int(t["revision"]), t["client_id"]): t for _, t in watch.transitions()} for watch in watches}
    every = {key: transition for of_watch in told.values() for key, transition in of_watch.items()}
    return [f"{watch.name} has never told: {short(transition)}"
            for watch in watches for key, transition in sorted(every.items())
            if key[0] > watch.snapshot_revision() and key not in told[watch.name]]


def incarnations_grow(watches, client_logs):
    """On no watch, and for no client, an incarnation is followed by a lesser one."""
    wrong = []
    for watch in watches:
        last = {client["client_id"]: int(client["incarnation"]) for client in watch.snapshot()}
        for _, transition in watch.transitions():
            incarnation = int(transition["incarnation"])
            if incarnation < last.get(transition["client_id"], 0):
                wrong.append(f"{watch.name}: the incarnation went back: {short(transition)}")
            last[transition["client_id"]] = incarnation
    last = {}
    for line in client_logs:
        if line["state"] != "LIVE":
            continue
        if line["incarnation"] < last.get(line["client_id"], 0):
            wrong.append(f"{line['client_id']} was welcomed under a lesser incarnation: {line['incarnation']}")
        last[line["client_id"]] = line["incarnation"]
    return wrong


def no_false_death(truth, watches):
    """Nobody is told DEAD who was not killed before."""
    wrong = []
    for watch in watches:
        for seen, transition in watch.transitions():
            client_id = transition["client_id"]
            if not is_end(transition, "STATE_DEAD") or client_id in truth.gone:
                continue
            if client_id not in truth.killed or seen < truth.killed[client_id]:
                wrong.append(f"{watch.name}: a false death: {short(transition)}")
    return wrong


def each_end_once(truth, watches):
    """Who was killed is told DEAD once on each watch, who left is told LEFT once, and nothing else."""
    wrong = []
    for watch in watches:
        ends = collections.defaultdict(collections.Counter)
        for _, transition in watch.transitions():
            for state in ("STATE_DEAD", "STATE_LEFT"):
                if is_end(transition, state):
                    ends[transition["client_id"]][state] += 1
        for what, client_ids, state in (("death", truth.killed, "STATE_DEAD"), ("goodbye", truth.left, "STATE_LEFT")):
            for client_id in sorted(client_ids):
                if dict(ends[client_id]) != {state: 1}:
                    wrong.append(f"{watch.name}: the {what} of {client_id} is told as {dict(ends[client_id])}")
        for client_id in sorted(truth.gone):
            if ends[client_id].total() != 1:
                wrong.append(f"{watch.name}: the end of {client_id} is told as {dict(ends[client_id])}")
    return wrong


def replay(watch):
    records = {client["client_id"]: client for client in watch.snapshot()}
    for _, transition in watch.transitions():
        records[transition["client_id"]] = transition["client"]
        if transition["to_state"] == "STATE_FORGOTTEN":
            del records[transition["client_id"]]
    return {client_id: text_of(client) for client_id, client in records.items()}


def finals_agree(watches, finals):
    """All servers list the same, and each watch, replayed, gives just that."""
    views = {f"the list of {server}": {client["client_id"]: text_of(client) for client in clients}
             for server, clients in finals.items()}
    views.update({f"the replay of {watch.name}": replay(watch) for watch in watches})
    (first_name, first), *others = views.items()
    wrong = []
    for name, view in others:
        for client_id in sorted(first.keys() | view.keys()):
            if first.get(client_id) != view.get(client_id):
                wrong.append(f"{client_id}: {first_name} has {first.get(client_id)}, {name} has {view.get(client_id)}")
    return wrong


def ends_as_it_is(truth, client_logs, finals):
    """At the end who lives is ALIVE under the incarnation that it knows, and who does not is not."""
    incarnations = collections.defaultdict(list)
    for line in client_logs:
        if line["state"] == "LIVE" and line["incarnation"] not in incarnations[line["client_id"]]:
            incarnations[line["client_id"]].append(line["incarnation"])
    wrong = [f"{client_id} began anew, without a reason: {known}"
             for client_id, known in incarnations.items() if len(known) > 1]
    expected = {**dict.fromkeys(truth.living, ("STATE_ALIVE",)), **dict.fromkeys(truth.killed, ("STATE_DEAD",)),
                **dict.fromkeys(truth.left, ("STATE_LEFT",)),
                **dict.fromkeys(truth.gone, ("STATE_LEFT", "STATE_DEAD"))}
    for server, clients in finals.items():
        listed = {client["client_id"]: client for client in clients}
        for client_id, states in sorted(expected.items()):
            client = listed.get(client_id)
            if client is None or client["state"] not in states:
                is_now = "unknown" if client is None else f"{client['state']} ({client['cause']})"
                wrong.append(f"{server}: {client_id} is {is_now}, not {' or '.join(states)}")
            elif incarnations[client_id] and int(client["incarnation"]) != incarnations[client_id][-1]:
                wrong.append(f"{server}: {client_id} has incarnation {client['incarnation']}, "
                             f"but was welcomed under {incarnations[client_id][-1]}")
        for client_id in sorted(listed.keys() - expected.keys()):
            wrong.append(f"{server}: nobody is called {client_id}")
    return wrong


def check(truth, watches, client_logs, finals):
    """All that is wrong, by rule."""
    return {
        "each watch is whole": [text for watch in watches for text in watch_is_whole(watch)],
        "one truth per incarnation": one_truth(watches, finals),
        "no transition is lost": same_transitions(watches),
        "incarnations grow": incarnations_grow(watches, client_logs),
        "no false death": no_false_death(truth, watches),
        "each end is told once on each watch": each_end_once(truth, watches),
        "lists and replays are equal": finals_agree(watches, finals),
        "it ends as it is": ends_as_it_is(truth, client_logs, finals),
    }
