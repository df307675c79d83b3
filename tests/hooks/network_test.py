"""Names that lead elsewhere, and names that lead nowhere: in a network and with an /etc of the test's own. Started by ./run."""
import os
import pathlib
import subprocess
import sys
import time
import unittest

ISOLATE = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
if os.geteuid() != 0:
    ISOLATE.append("--map-root-user")
PUBLIC = "8.8.8.8"  # in a network of our own, where nobody else is


def can_isolate():
    return subprocess.run([*ISOLATE, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0


@unittest.skipUnless(can_isolate(), "network namespaces cannot be made here")
class Network(unittest.TestCase):
    def inside(self, story):
        done = subprocess.run([*ISOLATE, sys.executable, "-B", __file__, story], capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_an_answer_that_changes_at_the_second_look_up(self):
        self.inside("rebind")

    def test_an_answer_that_changes_to_a_link_local_address(self):
        # Where clouds tell whoever asks from within what the machine's keys are.
        self.inside("rebind-link-local")

    def test_a_name_that_nobody_answers_for(self):
        self.inside("unanswered")


def replace(path, text):
    """For this namespace alone."""
    own = pathlib.Path(f"/tmp/liveness-hooks-{os.path.basename(path)}-{os.getpid()}")
    own.write_text(text)
    if not os.path.ismount(path):
        subprocess.run(["mount", "--bind", own, path], check=True)
    return own


def rebind(world_module, inside="127.0.0.1", kind="a loopback address"):
    World, Receiver, until, states = world_module.World, world_module.Receiver, world_module.until, world_module.states
    for address in {PUBLIC, inside} - {"127.0.0.1"}:
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    hosts = replace("/etc/hosts", f"127.0.0.1 localhost\n{PUBLIC} receiver.example\n")
    try:
        with World() as world:
            public = Receiver(world, sys.executable, world_module.HERE / "receiver.py", f"--address={PUBLIC}")
            private = Receiver(world, sys.executable, world_module.HERE / "receiver.py", f"--address={inside}", f"--port={public.port}")
            # Its connection ends with each answer, so the name is looked up each time.
            world.server([{"name": "hook", "url": public.url("/half", "receiver.example")}])
            world.kill(world.beat("web-1"))
            until("it is told over the public address", lambda: states(public.events(), "web-1")[-1:] == ["DEAD"])
            hosts.write_text(f"127.0.0.1 localhost\n{inside} receiver.example\n")
            world.kill(world.beat("web-2"))
            misplaced = 'liveness_hook_deliveries_total{hook="hook",result="misplaced"}'
            until("the private address is refused", lambda: world.metric(misplaced) >= 1)
            assert private.requests() == [] and states(public.events(), "web-2") == []
            assert f"will not connect to {inside}, {kind}" in world.ctl("server", "info"), world.ctl("server", "info")
    finally:
        hosts.unlink()


def unanswered(world_module):
    World, Receiver, until, states = world_module.World, world_module.Receiver, world_module.until, world_module.states
    resolver = replace("/etc/resolv.conf", "nameserver 127.0.0.1\n")
    try:
        with World() as world:
            world.start(sys.executable, "-c", "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                        "s.bind(('127.0.0.1', 53)); time.sleep(600)")
            receiver = Receiver(world)
            world.server([{"name": f"bad-{n}", "url": "http://nobody.example/", "timeout": "1s"} for n in range(3)] +
                         [{"name": "good", "url": receiver.url(), "allow-private": True}])
            longest = 0
            for n in range(10):
                world.kill(world.beat(f"web-{n}"))
                begin = time.monotonic()
                until("the good one is told", lambda: states(receiver.events(), f"web-{n}")[-1:] == ["DEAD"])
                longest = max(longest, time.monotonic() - begin)
            # A look-up takes ten seconds until it gives up: nobody may wait for one.
            assert longest < 7, f"one was told after {longest:.1f} s"
            failed = 'liveness_hook_deliveries_total{hook="bad-0",result="failed"}'
            until("the look-up is given up", lambda: world.metric(failed) >= 2)
            assert world.process.poll() is None
            begin = time.monotonic()
            world.process.terminate()
            assert world.process.wait(timeout=20) == 0
            assert time.monotonic() - begin < 8, "it waited for a look-up"
    finally:
        resolver.unlink()


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    import world
    {"rebind": rebind, "rebind-link-local": lambda world: rebind(world, "169.254.169.254", "a link-local address"),
     "unanswered": unanswered}[sys.argv[1]](world)


if __name__ == "__main__":
    main()
