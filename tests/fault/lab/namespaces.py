"""Hosts of our own: network namespaces on one bridge, in a namespace of its own too.

Nothing outside of them is touched, and names carry the lab's process id, so that two labs and whatever
else the machine does stay apart.
"""
import dataclasses
import subprocess


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


@dataclasses.dataclass
class Host:
    namespace: str
    address: str
    port: str  # its end of the cable at the bridge; empty if it has none

    def ip(self, *words):
        run("ip", "-n", self.namespace, *words)

    def iptables(self, *words):
        run("nsenter", f"--net=/run/netns/{self.namespace}", "iptables", "-w", *words)

    def drop(self, *chains):
        """Loses all TCP in "INPUT", "OUTPUT" or both, without a word to anybody."""
        for chain in chains:
            self.iptables("-I", chain, "-p", "tcp", "-j", "DROP")

    def stop_dropping(self):
        for chain in ("INPUT", "OUTPUT"):
            self.iptables("-F", chain)

    def reset_connections(self, port):
        """Each connection to `port` is reset: this end forgets it, the other end is sent RST."""
        run("nsenter", f"--net=/run/netns/{self.namespace}", "ss", "-K", "dport", "=", str(port))


class Network:
    """10.77.0.0/16 on a bridge; forwarders (forwarder.py) connect hosts by 10.78.N.0/30."""

    def __init__(self, run_id):
        self._prefix = f"lf{run_id}-"
        self._namespaces = []
        self._hosts = 0
        self.hub = self._namespace("hub")
        run("ip", "-n", self.hub, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", self.hub, "link", "set", "bridge", "up")

    def _namespace(self, name):
        full = self._prefix + name
        run("ip", "netns", "add", full)
        self._namespaces.append(full)
        run("ip", "-n", full, "link", "set", "lo", "up")
        return full

    def host(self, name):
        """A host with a cable to the bridge."""
        self._hosts += 1
        host = Host(self._namespace(name), f"10.77.{self._hosts // 250}.{self._hosts % 250 + 1}", f"p{self._hosts}")
        run("ip", "-n", self.hub, "link", "add", host.port, "type", "veth", "peer", "name", "eth0", "netns",
            host.namespace)
        run("ip", "-n", self.hub, "link", "set", host.port, "master", "bridge")
        run("ip", "-n", self.hub, "link", "set", host.port, "up")
        host.ip("address", "add", f"{host.address}/16", "dev", "eth0")
        host.ip("link", "set", "eth0", "up")
        return host

    def lone_host(self, name):
        """A host without a cable: a forwarder is its only way out."""
        return Host(self._namespace(name), "", "")

    def unplug(self, host):
        run("ip", "-n", self.hub, "link", "set", host.port, "down")

    def plug_in(self, host):
        run("ip", "-n", self.hub, "link", "set", host.port, "up")

    def end(self):
        for namespace in reversed(self._namespaces):
            subprocess.run(("ip", "netns", "delete", namespace), capture_output=True)
        self._namespaces.clear()
