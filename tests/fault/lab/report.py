"""What the lab found, for people (Markdown) and for programs (CSV)."""
import csv
import dataclasses

from lab.statistics import percentile, span, three
from lab.truth import findings, mistakes

MS = 1_000_000
# The true causes whose verdict has a target.
JUDGED = ("kill -9", "stop", "cable", "worker deadlock", "starved")
JUDGED_SHARE = 0.95


@dataclasses.dataclass
class Figure:
    name: str
    measured: str
    target: str
    met: bool | None  # None: no target
    hard: bool = False  # missing it is a bug, however busy the machine was
    detail: str = ""


class Outcome:
    """Of one scenario."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.findings = []
        self.mistakes = []
        self.figures = []
        self.notes = []
        self.tables = []  # (title, header, rows)
        self.clients = 0
        self.seconds = 0.0

    def figure(self, name, measured, target="", met=None, hard=False, detail=""):
        self.figures.append(Figure(name, measured, target, met, hard, detail))

    def note(self, text):
        self.notes.append(text)

    def table(self, title, header, rows):
        self.tables.append((title, header, rows))

    def judge(self, faults, watcher, end, clients=0):
        """Takes down what `watcher` was told of `faults`."""
        transitions = watcher.transitions()
        self.findings += findings(faults, transitions)
        self.mistakes += mistakes(faults, transitions, end)
        self.clients += clients
        if watcher.broken():
            self.figure("the watch", "broke", "unbroken", False, hard=True, detail=str(watcher.broken()[0]))

    def of_kind(self, kind):
        return [f for f in self.findings if f.fault.kind == kind]

    def expect_all_found(self, kind, what):
        """Silence is always found: hard."""
        lost = [f for f in self.of_kind(kind) if not f.found]
        self.figure(f"{what}: nobody lost", f"{len(lost)} lost of {len(self.of_kind(kind))}", "0", not lost, hard=True,
                    detail=", ".join(f.fault.client_id for f in lost[:5]))

    def expect_no_mistake(self, what, hard=True, states=("SUSPECT", "DEAD")):
        wrong = [m for m in self.mistakes if m.state in states]
        told = ", ".join(f"{m.client_id} {m.state} {m.cause} for {span(m.duration)}" for m in wrong[:4])
        self.figure(what, f"{len(wrong)} of {self.clients} clients", "0", not wrong, hard=hard, detail=told)

    def expect_lateness(self, kind, what, most):
        late = [f for f in self.of_kind(kind) if f.found and f.fault.due is not None]
        if not late:
            self.figure(what, "no case", span(most), None)
            return
        credited = [f.lateness for f in late]
        self.figure(what, span(percentile(credited, 0.99)), f"p99 <= {span(most)}",
                    percentile(credited, 0.99) <= most,
                    detail=f"p50 / p99 / max {three(credited)} of {len(late)}; without the server's credit "
                           f"{three([f.raw_lateness for f in late])}")


def _table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


def _detection(outcomes):
    rows = []
    for outcome in outcomes:
        for kind in dict.fromkeys(f.fault.kind for f in outcome.findings):
            of_kind = outcome.of_kind(kind)
            found = [f for f in of_kind if f.found]
            due = [f.lateness for f in found if f.fault.due is not None]
            timed = [f.detection for f in found if f.fault.timed]
            rows.append((outcome.scenario, kind, len(of_kind), len(found), three(timed), three(due)))
    return _table(("scenario", "fault", "cases", "told", "T_D p50 / p99 / max",
                   "beyond the deadline p50 / p99 / max"), rows)


def _mistakes(outcomes):
    rows = []
    for outcome in outcomes:
        wrong = outcome.mistakes
        if not wrong and not outcome.clients:
            continue
        states = {state: sum(m.state == state for m in wrong) for state in ("SUSPECT", "DEAD")}
        rows.append((outcome.scenario, outcome.clients, states["SUSPECT"], states["DEAD"],
                     three([m.duration for m in wrong])))
    return _table(("scenario", "clients", "wrong SUSPECT, refuted", "wrong DEAD", "believed for p50 / p99 / max"),
                  rows)


def confusion(outcomes):
    """{(kind, true cause): {reported cause: count}}; what was not told counts as NOT_TOLD."""
    matrix = {}
    for outcome in outcomes:
        for finding in outcome.findings:
            row = matrix.setdefault((finding.fault.kind, finding.fault.cause), {})
            told = (finding.final["cause"] or "UNSPECIFIED") if finding.found else "NOT_TOLD"
            row[told] = row.get(told, 0) + 1
    return matrix


def _right_at_once(outcomes):
    """{(kind, true cause): share whose first word named the cause already}"""
    words = {}
    for outcome in outcomes:
        for finding in outcome.findings:
            right = finding.found and finding.suspect["cause"] == finding.fault.cause
            words.setdefault((finding.fault.kind, finding.fault.cause), []).append(right)
    return {key: sum(right) / len(right) for key, right in words.items()}


def _confusion(outcomes, matrix):
    at_once = _right_at_once(outcomes)
    columns = sorted({told for row in matrix.values() for told in row})
    rows = []
    for (kind, cause), row in sorted(matrix.items(), key=lambda item: (item[0][1], item[0][0])):
        right = row.get(cause, 0) / sum(row.values())
        rows.append((kind, cause, *(row.get(told, "") for told in columns), f"{right:.0%}",
                     f"{at_once[kind, cause]:.0%}"))
    return _table(("fault", "true cause", *columns, "right", "right at the first word"), rows)


def cause_figures(matrix):
    figures = []
    for kind in JUDGED:
        total = right = 0
        for (each, cause), row in matrix.items():
            if each.startswith(kind):
                total += sum(row.values())
                right += row.get(cause, 0)
        if total:
            figures.append(Figure(f"cause of: {kind}", f"{right / total:.1%} of {total}", f">= {JUDGED_SHARE:.0%}",
                                  right / total >= JUDGED_SHARE))
    return figures


def _figures(rows):
    verdict = {True: "met", False: "MISSED", None: ""}
    return _table(("scenario", "figure", "measured", "target", "", "detail"),
                  ((scenario, f.name, f.measured, f.target,
                    verdict[f.met] + (" (hard)" if f.met is False and f.hard else ""), f.detail)
                   for scenario, f in rows))


def markdown(outcomes, seed, quick, seconds):
    matrix = confusion(outcomes)
    rows = [(o.scenario, f) for o in outcomes for f in o.figures] + [("all", f) for f in cause_figures(matrix)]
    missed = [(scenario, f) for scenario, f in rows if f.met is False]
    lines = ["# Fault lab", "",
             f"Seed {seed}{', quick' if quick else ''}; {len(outcomes)} scenarios in {seconds:.0f} s; "
             f"{sum(len(o.findings) for o in outcomes)} faults. "
             f"{sum(f.met is True for _, f in rows)} figures met, {len(missed)} missed, "
             f"{sum(f.hard for _, f in missed)} of them hard.", ""]
    if missed:
        lines += ["Missed:", ""]
        lines += [f"- {scenario}: {f.name}: {f.measured}, not {f.target}{' (hard)' if f.hard else ''}"
                  for scenario, f in missed]
        lines += [""]
    lines += ["## Figures", "", *_figures(rows), ""]
    if matrix:
        lines += ["## Detection", "",
                  "T_D runs from the fault to the moment at which a watcher saw the first transition; time that the "
                  "server credited to the client is taken off the last column.", "", *_detection(outcomes), ""]
    lines += ["## Mistakes", "", "Falls of clients that had no fault at that moment.", "", *_mistakes(outcomes), ""]
    if matrix:
        lines += ["## Causes", "", "What was done against the last word that was told of it.", "",
                  *_confusion(outcomes, matrix), ""]
    for outcome in outcomes:
        for title, header, body in outcome.tables:
            lines += [f"## {title}", "", *_table(header, body), ""]
    notes = [f"- {o.scenario}: {text}" for o in outcomes for text in o.notes]
    if notes:
        lines += ["## Notes", "", *notes, ""]
    return "\n".join(lines)


def write_csv(outcomes, folder):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "findings.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("scenario", "fault", "client_id", "true_cause", "found", "detection_ns", "lateness_ns",
                      "credited_ns", "first_state", "first_cause", "final_state", "final_cause", "confidence",
                      "summary"))
        for outcome in outcomes:
            for f in outcome.findings:
                head = (outcome.scenario, f.fault.kind, f.fault.client_id, f.fault.cause, int(f.found))
                if not f.found:
                    out.writerow(head + ("",) * 9)
                    continue
                out.writerow(head + (f.detection if f.fault.timed else "", f.lateness if f.fault.due is not None else "",
                                     f.suspect["credited"], f.suspect["to"], f.suspect["cause"], f.final["to"],
                                     f.final["cause"], f.final["confidence"], f.final["summary"]))
    with open(folder / "mistakes.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("scenario", "client_id", "state", "cause", "duration_ns"))
        for outcome in outcomes:
            for m in outcome.mistakes:
                out.writerow((outcome.scenario, m.client_id, m.state, m.cause, m.duration))
    with open(folder / "figures.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("scenario", "figure", "measured", "target", "met", "hard", "detail"))
        for outcome in outcomes:
            for f in outcome.figures:
                out.writerow((outcome.scenario, f.name, f.measured, f.target, "" if f.met is None else int(f.met),
                              int(f.hard), f.detail))
        for f in cause_figures(confusion(outcomes)):
            out.writerow(("all", f.name, f.measured, f.target, int(f.met), 0, f.detail))
    for outcome in outcomes:
        for title, header, body in outcome.tables:
            with open(folder / f"{outcome.scenario}.csv", "w", newline="") as file:
                out = csv.writer(file)
                out.writerow(header)
                out.writerows(body)
