"""The complete clients of examples/ against livenessd.

usage: example_test.py LIVENESSD COMMAND...      (run by tests/foreign/run) e.g. /usr/bin/python3 python_client.py
"""
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc
from liveness.v1 import (admin_service_pb2, admin_service_pb2_grpc, client_pb2, heartbeat_service_pb2,
                         heartbeat_service_pb2_grpc, registry_service_pb2, registry_service_pb2_grpc)

PATIENCE = 30


class Server:
    def __init__(self, *args):
        self.process = subprocess.Popen([SERVER, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.address = line.split()[-1]
        self.channel = grpc.insecure_channel(self.address, [("grpc.use_local_subchannel_pool", 1)])
        self.registry = registry_service_pb2_grpc.RegistryServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)

    def get(self, client_id):
        request = registry_service_pb2.GetClientRequest(name="clients/" + client_id)
        return self.registry.GetClient(request, timeout=PATIENCE, wait_for_ready=True)

    def stop(self, how="terminate"):
        self.channel.close()
        getattr(self.process, how)()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Example:
    """A running example; `lines` is what it says."""

    def __init__(self, client_id, *addresses):
        self.process = subprocess.Popen([*COMMAND, client_id, ",".join(addresses)], stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def says(self, start):
        """The next line that begins so."""
        until = time.monotonic() + PATIENCE
        while True:
            line = self.lines.get(timeout=max(0.01, until - time.monotonic()))
            if line.startswith(start):
                return line

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class ExampleTest(unittest.TestCase):
    def run_example(self, client_id, *addresses):
        example = Example(client_id, *addresses)
        self.addCleanup(example.end)
        return example

    def start_server(self, *args):
        server = Server(*(args if any(arg.startswith("--listen") for arg in args) else ("--listen=127.0.0.1:0", *args)))
        self.addCleanup(lambda: server.process.poll() is None and server.stop("kill"))
        return server

    def test_has_the_table_of_the_docs(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        example = pathlib.Path(COMMAND[-1]).read_text()
        for line in (root / "docs/client.md").read_text().splitlines():
            cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
            if len(cells) == 4 and (cells[2].startswith("never") or cells[2] == "without the token"):
                self.assertRegex(example, f"{cells[0]}\\W+{cells[1]}", line)

    def test_lives_and_leaves(self):
        server = self.start_server()
        example = self.run_example("one", server.address)
        incarnation = int(example.says("LIVE").split()[1])
        client = server.get("one")
        self.assertEqual((client.state, client.incarnation), (client_pb2.STATE_ALIVE, incarnation))
        time.sleep(3.5)  # longer than its timeout
        self.assertEqual(server.get("one").state, client_pb2.STATE_ALIVE)
        example.process.terminate()
        self.assertEqual(example.process.wait(PATIENCE), 0)
        self.assertEqual(server.get("one").state, client_pb2.STATE_LEFT)

    def test_comes_back_into_its_session_after_a_restart(self):
        with tempfile.TemporaryDirectory() as data:
            args = ("--store=sqlite", "--data-dir=" + data, "--restart-grace=20s")
            server = self.start_server(*args)
            example = self.run_example("one", server.address)
            first = example.says("LIVE")
            server.stop("kill")
            example.says("LOST")
            server = self.start_server(*args, "--listen=" + server.address)
            self.assertEqual(example.says("LIVE"), first)
            server.stop()

    def test_an_eviction_is_final(self):
        server = self.start_server()
        example = self.run_example("one", server.address)
        example.says("LIVE")
        server.admin.EvictClient(admin_service_pb2.EvictClientRequest(name="clients/one"))
        example.says("STOPPED EVICTED")
        self.assertEqual(example.process.wait(PATIENCE), 1)

    def test_a_newer_process_is_final_and_its_own_late_hello_is_not(self):
        server = self.start_server()
        example = self.run_example("one", server.address)
        example.says("LIVE")
        stub = heartbeat_service_pb2_grpc.HeartbeatServiceStub(server.channel)

        def hello(instance_id):
            said = heartbeat_service_pb2.Hello(client_id="one", instance_id=instance_id)
            requests = queue.Queue()  # stays open: a half-close would be the end
            requests.put(heartbeat_service_pb2.HeartbeatRequest(hello=said))
            call = stub.Heartbeat(iter(requests.get, None))
            self.addCleanup(requests.put, None)
            self.addCleanup(call.cancel)
            return call

        late = hello(server.get("one").instance_id)
        self.assertTrue(next(late).HasField("welcome"))
        late.cancel()
        example.says("LOST STREAM_REPLACED")
        example.says("LIVE")
        self.assertTrue(next(hello("another")).HasField("welcome"))
        example.says("STOPPED SUPERSEDED")

    def test_moves_when_its_server_is_drained(self):
        old, new = self.start_server(), self.start_server()
        example = self.run_example("one", old.address, new.address)
        example.says("LIVE")
        drain = admin_service_pb2.DrainServerRequest()
        drain.reconnect_within.FromMilliseconds(200)
        old.admin.DrainServer(drain)
        example.says("LIVE")
        self.assertEqual(new.get("one").state, client_pb2.STATE_ALIVE)
        self.assertFalse(old.admin.GetServerInfo(admin_service_pb2.GetServerInfoRequest()).ready)
        self.assertTrue(old.admin.UndrainServer(admin_service_pb2.UndrainServerRequest()).was_draining)
        self.assertTrue(old.admin.GetServerInfo(admin_service_pb2.GetServerInfoRequest()).ready)


if __name__ == "__main__":
    SERVER, COMMAND = sys.argv[1], sys.argv[2:]
    unittest.main(verbosity=2, argv=sys.argv[:1])
