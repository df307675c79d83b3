"""Bad paths: loss and jitter, by a forwarder that loses packets under TCP."""
import json

from lab.processes import now
from lab.statistics import three

# By name: what the forwarder does, both ways, on top of 5 ms each.
PATHS = {
    "loss 1 %": {"loss": 0.01},
    "loss 5 %": {"loss": 0.05},
    "loss 10 %": {"loss": 0.10},
    "loss 30 %": {"loss": 0.30},
    "loss 5 % in bursts of 4": {"loss": 0.05, "burst": 4},
    "Pareto jitter": {"pareto_ms": 10, "alpha": 1.5},
}
MEMBERS = 10


def paths(lab):
    """1 to 30 % loss, bursts and Pareto jitter: clients that live, on paths that are bad."""
    outcome = lab.begin("paths")
    seconds = 8 if lab.quick else 40
    network = lab.network()
    server_host = network.host("server")
    server = lab.server(host=server_host)
    watcher = lab.watch(server)
    forwarders = []
    for number, (name, path) in enumerate(PATHS.items()):
        host = network.lone_host(f"path{number}")
        forwarder = lab.path(host, server_host, number)
        lab.fleet(server, f"path{number}-", MEMBERS, processes=2, host=host,
                  address=f"10.78.{number}.1:{server.port}")
        forwarders.append(forwarder)
    for forwarder, path in zip(forwarders, PATHS.values()):
        forwarder.popen.stdin.write(json.dumps({"delay_ms": 5, **path}) + "\n")
        forwarder.popen.stdin.flush()
    lab.sleep(seconds)
    outcome.judge([], watcher, now(), clients=MEMBERS * len(PATHS))
    for number, name in enumerate(PATHS):
        wrong = [m for m in outcome.mistakes if m.client_id.startswith(f"path{number}-")]
        dead = sum(m.state == "DEAD" for m in wrong)
        rate = len(wrong) / (MEMBERS * seconds / 60)
        outcome.figure(f"{name}: mistakes", f"{rate:.2f} a client and minute", "", None,
                       detail=f"{len(wrong) - dead} SUSPECT, {dead} DEAD; believed for "
                              f"{three([m.duration for m in wrong])}")
    return outcome
