#!/usr/bin/python3 -B
"""Debian's Prometheus against real servers: what it scrapes, the alerts, and the dashboard's queries.

    tests/prometheus/metrics_test.py BUILD_DIR

Needs prometheus, promtool and openssl. Ends what it starts, and leaves nothing behind.
"""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from world import ROOT, Prometheus, World, say, until

RULES = ROOT / "deploy/prometheus/liveness.rules.yml"
DASHBOARD = ROOT / "deploy/grafana/liveness.json"
FLEET = 12  # clients that nobody wants to go
DOCUMENT = ROOT / "docs/metrics.md"


def promtool(*args, text=None):
    done = subprocess.run(["promtool", *map(str, args)], input=text, text=True, capture_output=True, timeout=120)
    if done.returncode != 0 or (args[:2] == ("check", "metrics") and done.stdout.strip()):
        sys.exit(f"FAILED: promtool {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
    say(f"promtool {' '.join(str(a).removeprefix(str(ROOT) + '/') for a in args)}: passed")


def check_files():
    promtool("check", "rules", RULES)
    promtool("check", "config", ROOT / "deploy/prometheus/prometheus.yml")
    promtool("test", "rules", ROOT / "tests/prometheus/rules.test.yml")
    anchors = set(re.findall(r"^### alert (\w+)$", DOCUMENT.read_text(), re.M))
    tests = (ROOT / "tests/prometheus/rules.test.yml").read_text()
    alerts = re.split(r"^      - alert: ", RULES.read_text(), flags=re.M)[1:]
    names = [alert.split()[0] for alert in alerts]
    assert sorted(names) == sorted(anchors), f"{DOCUMENT} and the rules differ: {set(names) ^ anchors}"
    for name, alert in zip(names, alerts):
        for part in ("severity: ", "summary: ", "description: ", "action: ",
                     f'docs: "docs/metrics.md#alert-{name.lower()}"'):
            assert part in alert, f"{name} has no {part}"
        assert f'alertname="{name}"' in tests, f"no test sees {name} fire"
    say(f"{len(names)} alerts: each is explained, and seen to fire")


def check_names(prometheus):
    """A rule on a metric that is not there is silent for ever, and so is its test."""
    known = set(prometheus.get("label/__name__/values"))
    named = set()
    for file in (RULES, ROOT / "tests/prometheus/rules.test.yml", DASHBOARD):
        text = re.sub(r"^ *- name: .*$", "", file.read_text(), flags=re.M)
        named |= set(re.findall(r"\b(?:liveness|process)_[a-z_]+\b", text))
    # Only with a store that several servers share, and only with hooks.
    elsewhere = {"liveness_store_lease", "liveness_hook_lag_seconds", "liveness_hook_events_given_up_total",
                 "liveness_hook_gaps_total"}
    assert named <= known | elsewhere, f"nothing is called {sorted(named - known)}"
    say(f"{len(named)} metrics are named by rules, their tests and the dashboard: each is there")


def queries():
    """(title, query) of each of the dashboard's, its variables filled in."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$job", "livenessd").replace("$instance", ".*")
            yield panel["title"], query.replace("$__rate_interval", "10s")


def check_dashboard(prometheus):
    asked = 0
    for title, query in queries():
        assert "$" not in query, f"{title}: a variable is left in {query}"
        result = prometheus.range(query)
        assert result, f"{title}: nothing comes of {query}"
        asked += 1
    say(f"{asked} queries of the dashboard: each gives something")


def check_rules(prometheus):
    def rules():
        return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    until("all rules were evaluated", lambda: all(rule["health"] != "unknown" for rule in rules()))
    sick = [f"{rule['name']}: {rule['lastError']}" for rule in rules() if rule["health"] != "ok"]
    assert not sick, sick
    say(f"{len(rules())} rules are evaluated without an error")


def wanted_things(world, server):
    """What people do on purpose. Nobody is to be alarmed."""
    watch = world.start("livenessctl", f"--server={server.grpc}", "watch")
    until("the watch is open", lambda: server.metric("liveness_watchers") >= 1)
    watch.send_signal(signal.SIGKILL)
    until("the watch's end counts as its caller's wish", lambda: server.metric(
        'liveness_rpc_handled_total{method="liveness.v1.RegistryService/WatchClients",code="CANCELLED"}') >= 1)
    world.ctl(server, "maintenance", "set", "m-0", "m-1", "--for=1h")
    for name in ("m-0", "m-1"):
        world.clients[name].kill()
    until("two die in maintenance", lambda: server.metric('liveness_clients{state="DEAD",health="MAINTENANCE"}') == 2)
    world.ctl(server, "evict", "e-0")
    until("one is evicted", lambda: server.metric('liveness_transitions_total{to_state="DEAD",cause="EVICTED"}') == 1)
    world.clients["g-0"].send_signal(signal.SIGTERM)
    until("one leaves", lambda: server.metric('liveness_clients{state="LEFT",health="OK"}') >= 1)
    world.ctl(server, "server", "drain", "--within=1s")
    until("it drains", lambda: server.metric('liveness_not_ready{reason="DRAINING"}') == 1)
    world.ctl(server, "server", "undrain")
    until("it is ready again", lambda: server.metric("liveness_ready") == 1)
    world.restart(server)
    until("all are back", lambda: server.metric('liveness_clients{state="ALIVE",health="OK"}') == FLEET)


def main(build):
    for tool in ("prometheus", "promtool", "openssl"):
        assert shutil.which(tool), f"{tool} is not installed"
    check_files()
    with tempfile.TemporaryDirectory() as folder, World(build, pathlib.Path(folder)) as world:
        plain = world.server("--metrics-label=zone")
        secure = world.server(*world.certificate())
        for server in (plain, secure):
            promtool("check", "metrics", text=server.scrape())
        prometheus = Prometheus(world, [plain, secure], RULES)
        until("both are scraped", lambda: len(prometheus.query("up == 1")) == 2)

        for name in [f"c-{i}" for i in range(FLEET)] + ["m-0", "m-1", "e-0", "g-0"]:
            world.beat(plain, name)
        until("all beat", lambda: plain.metric('liveness_clients{state="ALIVE",health="OK"}') == FLEET + 4)
        wanted_things(world, plain)
        # Suspected, dead, and back again: a mistake, as far as a server can know.
        frozen = world.clients[f"c-{FLEET - 1}"]
        frozen.send_signal(signal.SIGSTOP)
        until("silence is found", lambda: plain.metric(
            'liveness_transitions_total{to_state="DEAD",cause="PROCESS_STOPPED"}') >= 1)
        frozen.send_signal(signal.SIGCONT)
        until("it comes back", lambda: plain.metric('liveness_mistakes_total{kind="mistaken_death"}') >= 1)
        prometheus.wait_for_evaluation()
        firing = prometheus.firing()
        assert not firing, f"{firing} fire for what was wanted"
        say("a watch that was cancelled, maintenance, an eviction, a goodbye, a drain and a restart: nobody is alarmed")

        for i in range(FLEET - 1):
            world.clients[f"c-{i}"].kill()
        until("the fall of eleven is alarmed", lambda: "LivenessMassFailure" in prometheus.firing())
        say(f"eleven of twelve die together: {', '.join(sorted(prometheus.firing()))}")
        check_names(prometheus)
        check_dashboard(prometheus)
        check_rules(prometheus)
    say("passed")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
