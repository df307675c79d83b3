"""Three etcd members and three livenessd, each on a host of its own, and who watches them."""
import json
import shutil
import signal
import subprocess

from lab.processes import Listener, LabError, Process, Server, now, poll

MEMBERS = ("e1", "e2", "e3")
SERVERS = ("s1", "s2", "s3")
PORT = 7700
CTL_PATIENCE = 20


def nanos_line(line):
    return {**json.loads(line), "seen": now()}


def cut(host, *others):
    """`host` and `others` hear nothing of each other, without a word to anybody."""
    for other in others:
        host.iptables("-I", "OUTPUT", "-d", other.address, "-j", "DROP")
        host.iptables("-I", "INPUT", "-s", other.address, "-j", "DROP")


def heal(host):
    host.stop_dropping()


class Etcd:
    """A cluster of three. Its data lies in memory: what is tested is not the disk."""

    def __init__(self, lab, network, folder):
        self._lab, self._folder = lab, folder
        self.hosts = {name: network.host(name) for name in MEMBERS}
        self.processes = {}
        for name in MEMBERS:
            self.start(name)
        poll(lambda: self.leader() is not None, 30, "etcd has no leader")

    def endpoints(self, first=MEMBERS[0]):
        at = MEMBERS.index(first)
        return ",".join(f"{self.hosts[name].address}:2379" for name in MEMBERS[at:] + MEMBERS[:at])

    def start(self, name):
        host = self.hosts[name]
        peers = ",".join(f"{each}=http://{self.hosts[each].address}:2380" for each in MEMBERS)
        log = open(self._lab.scratch / f"{name}.log", "a")
        self.processes[name] = self._lab.process(
            shutil.which("etcd"), f"--name={name}", f"--data-dir={self._folder}/{name}",
            f"--listen-client-urls=http://{host.address}:2379", f"--advertise-client-urls=http://{host.address}:2379",
            f"--listen-peer-urls=http://{host.address}:2380", f"--initial-advertise-peer-urls=http://{host.address}:2380",
            f"--initial-cluster={peers}", "--logger=zap", "--log-level=warn", host=host, log=log)

    def kill(self, name):
        self.processes[name].signal(signal.SIGKILL)
        self.processes[name].wait(CTL_PATIENCE)

    def leader(self):
        """Its name; None while there is none."""
        for name in MEMBERS:
            if self.processes[name].popen.poll() is not None:
                continue
            done = subprocess.run(
                ("nsenter", f"--net=/run/netns/{self.hosts[name].namespace}", "etcdctl", "--dial-timeout=1s",
                 "--command-timeout=2s", f"--endpoints={self.hosts[name].address}:2379", "endpoint", "status", "-w",
                 "json"), capture_output=True, text=True, env={"ETCDCTL_API": "3", "PATH": "/usr/bin:/usr/local/bin"})
            if done.returncode == 0:
                status = json.loads(done.stdout)[0]["Status"]
                if status.get("leader") and status["leader"] == status["header"]["member_id"]:
                    return name
        return None


class Cluster:
    def __init__(self, lab, network, etcd):
        self._lab, self.etcd = lab, etcd
        self.hosts = {name: network.host(name) for name in SERVERS}
        self.processes = {}
        for name in SERVERS:
            self.start(name)

    def start(self, name):
        """It serves when this returns."""
        log = open(self._lab.scratch / f"{name}.log", "a")
        member = MEMBERS[SERVERS.index(name)]
        self.processes[name] = self._lab.owns(Server(
            self._lab.bin / "livenessd", f"--listen=0.0.0.0:{PORT}", "--insecure-anonymous=admin,beat,view",
            f"--server-id={name}", "--store=etcd",
            f"--etcd-endpoints={self.etcd.endpoints(member)}", host=self.hosts[name], log=log))

    def targets(self, first=SERVERS[0]):
        """All servers, as a client is given them."""
        at = SERVERS.index(first)
        return ",".join(f"{self.hosts[name].address}:{PORT}" for name in SERVERS[at:] + SERVERS[:at])

    def kill(self, name):
        self.processes[name].signal(signal.SIGKILL)
        self.processes[name].wait(CTL_PATIENCE)

    def stop(self, name):
        """In good order."""
        self.processes[name].signal(signal.SIGTERM)
        code = self.processes[name].wait(CTL_PATIENCE)
        if code != 0:
            raise LabError(f"{name} ended with {code} at SIGTERM")

    def ctl(self, name, *words):
        """What livenessctl, beside that server, printed of it; None if it failed."""
        host = self.hosts[name]
        done = subprocess.run(("nsenter", f"--net=/run/netns/{host.namespace}", self._lab.bin / "livenessctl",
                               f"--server=127.0.0.1:{PORT}", *words), capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None

    def clients(self, name):
        """All that the server lists; None if it cannot be asked."""
        text = self.ctl(name, "list", "-o", "json")
        return None if text is None else json.loads(text)["clients"]

    def watch(self, name):
        """A watcher of that one server, which comes back to it after its restarts."""
        return self._watcher(f"127.0.0.1:{PORT}", self.hosts[name])

    def watch_all(self, host, first):
        """A watcher that goes on at another server, from the revision that it has."""
        return self._watcher(self.targets(first), host)

    def _watcher(self, servers, host):
        process = self._lab.process(self._lab.bin / "livenessctl", f"--server={servers}", "watch", "-o", "json",
                                    host=host)
        listener = Listener(process, nanos_line)
        if not listener.wait(lambda lines: any("snapshot_done" in line for line in lines), 30):
            raise LabError("a watcher has no snapshot")
        return listener
