"""What the lab did, against what the service said of it."""
import dataclasses

MS = 1_000_000
# A transition that was on its way when the fault ended is no mistake.
SLACK = 30 * MS


@dataclasses.dataclass
class Fault:
    """What was done to one client, from `begin` to `end` (None: for good)."""
    kind: str
    client_id: str
    cause: str  # the true one, as the service should name it
    begin: int
    end: int | None = None
    due: int | None = None  # when silence is overdue, by the client's own account
    allows: tuple = ("SUSPECT", "DEAD")  # what may rightly be told of it
    timed: bool = True  # its beginning is known, and so the time to its detection

    def excuses(self, event):
        moment = event["seen"]
        return (event["to"] in self.allows and self.begin <= moment
                and (self.end is None or moment <= self.end + SLACK))


@dataclasses.dataclass
class Finding:
    """What was told of one fault."""
    fault: Fault
    suspect: dict | None  # the first SUSPECT, DEAD or STALLED after it
    final: dict | None  # the last word on it

    @property
    def found(self):
        return self.suspect is not None

    @property
    def detection(self):
        return self.suspect["seen"] - self.fault.begin

    @property
    def lateness(self):
        """Beyond the deadline; time that the server credited to the client is not the client's."""
        return self.suspect["seen"] - self.fault.due - credited_since(self)

    @property
    def raw_lateness(self):
        return self.suspect["seen"] - self.fault.due


def credited_since(finding):
    return finding.suspect.get("credited", 0)


@dataclasses.dataclass
class Mistake:
    client_id: str
    state: str
    cause: str
    begin: int
    duration: int


def is_fall(event):
    return event["to"] in ("SUSPECT", "DEAD") and event["from"] != event["to"]


def findings(faults, transitions):
    """One for each fault: what was told of its client from its begin until its next one."""
    by_client = {}
    for event in transitions:
        by_client.setdefault(event["client_id"], []).append(event)
    result = []
    for fault in faults:
        later = [f.begin for f in faults if f.client_id == fault.client_id and f.begin > fault.begin]
        until = min(later, default=None)
        told = [e for e in by_client.get(fault.client_id, [])
                if e["seen"] >= fault.begin and (until is None or e["seen"] < until)
                and (fault.end is None or e["seen"] <= fault.end + SLACK)]
        if fault.kind == "worker deadlock":
            words = [e for e in told if e["to_health"] == "STALLED" and e["from_health"] != "STALLED"]
        else:
            words = [e for e in told if is_fall(e)]
        result.append(Finding(fault, words[0] if words else None, words[-1] if words else None))
    return result


def mistakes(faults, transitions, end):
    """Falls of clients that had no fault at that moment, each with how long it was believed."""
    result = []
    for index, event in enumerate(transitions):
        client = event["client_id"]
        if not is_fall(event) or any(f.excuses(event) for f in faults if f.client_id == client):
            continue
        # A suspicion that became a death is one mistake, told by the death.
        rest = [e for e in transitions[index + 1:] if e["client_id"] == client]
        if event["to"] == "SUSPECT" and rest and rest[0]["to"] == "DEAD":
            if not any(f.excuses(rest[0]) for f in faults if f.client_id == client):
                continue
        back = next((e["seen"] for e in rest if e["to"] in ("ALIVE", "LEFT")), end)
        began = event["seen"]
        if event["to"] == "DEAD":
            before = [e for e in transitions[:index] if e["client_id"] == client]
            if before and before[-1]["to"] == "SUSPECT":
                began = before[-1]["seen"]
        result.append(Mistake(client, event["to"], event["cause"], began, back - began))
    return result
