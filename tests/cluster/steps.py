"""What is done to the cluster, one step after the other. Clients die and leave in the midst of each."""
import dataclasses
import signal
import time

from cluster import MEMBERS, SERVERS, cut, heal
from lab.lab import say
from lab.processes import LabError, poll
from lab.statistics import span, three
from story import detection

# Longer than a lease (3 s, found by etcd within one more) and the time that its clients have then (5 s).
BEYOND_LEASE = 12.0


@dataclasses.dataclass
class World:
    """What a step has at hand."""
    lab: object
    etcd: object
    cluster: object
    story: object
    hosts: list  # of clients


def figures(world):
    """kill -9 of clients of one server, as another server's watcher sees it."""
    lab, cluster, story = world.lab, world.cluster, world.story
    watcher = lab.watch(cluster.processes["s2"])  # beside s2; the victims are at s1
    spans = []
    for batch in range(2):
        fleet = story.start(f"figure{batch}-", 60, first="s1")
        time.sleep(1)
        spans += detection(story, fleet.ids(), watcher, pause_ms=20)
    watcher.process.end()
    print(f"kill -9 at one server to the transition on another's watch: p50 / p99 / max {three(spans)} "
          f"of {len(spans)} (aim: p99 50 ms)", flush=True)


def leader(world):
    """etcd's leader is killed, and started again."""
    etcd, story = world.etcd, world.story
    victims = story.start("leader-", 9)
    name = etcd.leader()
    if name is None:
        raise LabError("etcd has no leader to kill")
    etcd.kill(name)
    for client_id in story.choose(3, victims.ids()):
        story.kill(client_id)
        story.pause(0.0, 0.3)
    for client_id in story.choose(2, victims.ids()):
        story.goodbye(client_id)
    story.start("leaderless-", 3)  # welcomed when there is one again
    time.sleep(2)
    etcd.start(name)
    for client_id in story.choose(2, victims.ids()):
        story.kill(client_id)
    poll(lambda: etcd.leader() is not None, 20, "etcd has no leader again")


def killed_server(world):
    """kill -9 of a server; it is started again when the others have found it gone."""
    cluster, story = world.cluster, world.story
    story.start("lost-", 9, first="s1")
    at_it = story.served_by("s1")
    # Some die with it: nobody but its neighbours can tell.
    doomed = story.choose(3, at_it)
    cluster.kill("s1")
    for client_id in doomed:
        story.kill(client_id)
    time.sleep(3)
    for client_id in story.choose(2):
        story.kill(client_id)
    story.goodbye(story.choose(1)[0])
    time.sleep(3)
    cluster.start("s1")
    for client_id in story.choose(2):
        story.kill(client_id)
    time.sleep(5)


def cut_from_etcd(world):
    """A server is cut off from etcd for longer than its lease, while its clients still reach it."""
    etcd, cluster, story = world.etcd, world.cluster, world.story
    fleet = story.start("cut-", 9, first="s2")
    at_it = story.served_by("s2")
    cut(cluster.hosts["s2"], *(etcd.hosts[name] for name in MEMBERS))
    begin = time.monotonic()
    story.kill(story.choose(1, at_it)[0])
    story.goodbye(story.choose(1, set(fleet.ids()) & set(at_it))[0], sure=False)
    time.sleep(2)
    story.kill(story.choose(1, at_it)[0])
    time.sleep(4)
    for client_id in story.choose(2):
        story.kill(client_id)
    time.sleep(max(0.0, begin + BEYOND_LEASE - time.monotonic()))
    heal(cluster.hosts["s2"])
    story.kill(story.choose(1)[0])
    poll(lambda: cluster.clients("s2") is not None, 10, "s2 does not answer")
    time.sleep(3)


def cut_clients(world):
    """The clients of one host reach two of the servers only."""
    cluster, story, host = world.cluster, world.story, world.hosts[2]
    fleet = story.start("island-", 6, first="s3", host=host)
    cut(host, cluster.hosts["s3"])
    time.sleep(2)
    story.kill(story.choose(1, fleet.ids())[0])
    time.sleep(4)
    story.goodbye(story.choose(1, fleet.ids())[0])
    time.sleep(1)
    heal(host)
    story.kill(story.choose(1)[0])


def frozen_server(world):
    """A server stands still for longer than its lease, and goes on with what it knew before."""
    cluster, story = world.cluster, world.story
    story.start("frozen-", 6, first="s3")
    at_it = story.served_by("s3")
    cluster.processes["s3"].signal(signal.SIGSTOP)
    doomed = story.choose(2, at_it)
    story.kill(doomed[0])
    time.sleep(5)
    story.kill(doomed[1])
    time.sleep(3)
    cluster.processes["s3"].signal(signal.SIGCONT)
    story.kill(story.choose(1, at_it)[0])
    time.sleep(2)


def no_majority(world):
    """Two of etcd's members are killed for longer than the servers' leases: no server is seen by another."""
    etcd, story = world.etcd, world.story
    # The one that is left decides nothing.
    for name in MEMBERS[:2]:
        etcd.kill(name)
    begin = time.monotonic()
    time.sleep(1)
    for client_id in story.choose(3):
        story.kill(client_id)
        story.pause(0.5, 1.5)
    story.goodbye(story.choose(1)[0])
    time.sleep(max(0.0, begin + BEYOND_LEASE - time.monotonic()))
    for client_id in story.choose(2):
        story.kill(client_id)
    for name in MEMBERS[:2]:
        etcd.start(name)
    poll(lambda: etcd.leader() is not None, 20, "etcd has no leader again")
    story.start("after-", 3)
    time.sleep(2)


def rolling_restart(world):
    """All servers, one by one, while clients come, change, leave and die."""
    cluster, story = world.cluster, world.story
    churning = story.start("churn-", 12, churn=2)
    for number, name in enumerate(SERVERS):
        arriving = story.start(f"arrive-{name}-", 4, wait=False)
        if number == 0:
            if cluster.ctl(name, "server", "drain", "--within=1s") is None:
                raise LabError(f"{name} does not drain")
            story.kill(story.choose(1)[0])
            time.sleep(1.5)
        begin = time.monotonic()
        story.kill(story.choose(1)[0])
        cluster.stop(name)
        say(f"  {name} stopped in {span((time.monotonic() - begin) * 1e9)}")
        story.kill(story.choose(1)[0])
        cluster.start(name)
        arriving.wait_until_live()
        story.goodbye(story.choose(1, arriving.ids())[0])
        story.kill(story.choose(1, arriving.ids())[0])
        story.pause(0.5, 1.0)
    # So that it comes to rest.
    for client_id in story.choose_all(churning.ids()):
        story.goodbye(client_id)


ALL = (figures, leader, killed_server, cut_from_etcd, cut_clients, frozen_server, no_majority, rolling_restart)
