"""Tests of the load program of our own: what it counts, and that nothing but the expected reply passes."""

import json
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from harness.clients import memcached
from harness.loads.exchange import SOURCE, script
from harness.loads.memcached import MemcachedLoad, MemcachedMetaLoad
from harness.loads.redis import RedisScriptLoad
from harness.site import COMPILER_FLAGS

REQUEST, REPLY = b"ask\r\n", b"the answer\r\n"


class Answering:
    """A server that answers each request; the bytes come in pieces, and its `wrong`-th answer is another."""

    def __init__(self, wrong: int | None = None, silent_after: int | None = None):
        self.wrong, self.silent_after, self.answered = wrong, silent_after, 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Answering":
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        waiting = b""
        with connection:
            while data := connection.recv(4096):
                waiting += data
                while waiting.startswith(REQUEST):
                    waiting = waiting[len(REQUEST):]
                    if (reply := self._reply()) is None:
                        return
                    connection.sendall(reply[:3])
                    connection.sendall(reply[3:])

    def _reply(self) -> bytes | None:
        with self.lock:
            self.answered += 1
            if self.silent_after is not None and self.answered > self.silent_after:
                return None
            return b"sorry\r\n" if self.answered == self.wrong else REPLY


@unittest.skipUnless(shutil.which("cc"), "there is no C compiler")
class Exchange(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.program = Path(folder.name) / "exchange"
        subprocess.run(["cc", *COMPILER_FLAGS, "-o", cls.program, SOURCE], check=True)

    def exchange(self, server: Answering, clients: int, pipeline: int, requests: int) -> subprocess.CompletedProcess:
        return subprocess.run([self.program, str(server.port), str(clients), str(pipeline), str(requests)],
                              input=script([(REQUEST, REPLY)]).decode(), capture_output=True, text=True, timeout=30)

    def test_as_many_requests_are_sent_and_answered_as_were_wanted(self) -> None:
        for clients, pipeline in ((1, 1), (1, 16), (5, 1), (5, 16)):
            with Answering() as server:
                said = self.exchange(server, clients, pipeline, clients * pipeline * 3)
                self.assertEqual(said.returncode, 0, said.stderr)
                counted = json.loads(said.stdout)
                self.assertEqual(counted["requests"], clients * pipeline * 3)
                self.assertEqual(server.answered, clients * pipeline * 3)
                self.assertGreater(counted["seconds"], 0)
                self.assertLessEqual(counted["p50"], counted["p99"])

    def test_one_reply_that_differs_is_a_failure_that_shows_it(self) -> None:
        with Answering(wrong=20) as server:
            said = self.exchange(server, 1, 16, 48)
        self.assertEqual(said.returncode, 1)
        self.assertIn("not the expected reply: sor", said.stderr)

    def test_a_connection_that_is_closed_early_is_a_failure(self) -> None:
        with Answering(silent_after=20) as server:
            said = self.exchange(server, 1, 16, 48)
        self.assertEqual(said.returncode, 1)

    def test_a_number_of_requests_that_does_not_come_out_even_is_refused(self) -> None:
        with Answering() as server:
            self.assertEqual(self.exchange(server, 5, 16, 81).returncode, 2)


@unittest.skipUnless(shutil.which("cc") and shutil.which("memcached"), "there is no C compiler or no memcached")
class OnMemcached(unittest.TestCase):
    def test_memcached_answers_what_the_loads_expect_and_counts_it(self) -> None:
        from harness.processes import Workspace
        from harness.servers.memcached import MemcachedServer
        from harness.site import Site

        with tempfile.TemporaryDirectory() as tools, Workspace() as workspace:
            site = Site(workspace, Path(tools), Path("/nowhere"), workers=1)
            server = MemcachedServer(site)
            server.check(server.endpoint)
            for kind in (MemcachedLoad, MemcachedMetaLoad):
                for command in ("set", "get"):
                    load = kind(command, clients=2, pipeline=3, value_bytes=64, requests=60)
                    load.lay_out(site, server, server.endpoint)
                    before = server.calls(command)
                    self.assertEqual(load.run(site, server, server.endpoint).requests, 60)
                    self.assertEqual(server.calls(command) - before, 60)

    def test_the_loads_of_one_command_differ_in_their_bytes_only(self) -> None:
        plain, meta = MemcachedLoad("get", 1, 1, 4), MemcachedMetaLoad("get", 1, 1, 4)
        self.assertEqual(plain.exchange,
                         (b"get key:memcached-16\r\n", b"VALUE key:memcached-16 0 4\r\nxxxx\r\nEND\r\n"))
        self.assertEqual(meta.exchange, (b"mg key:memcached-16 v\r\n", b"VA 4\r\nxxxx\r\n"))
        self.assertEqual(memcached.set_request("k", b"ab"), b"set k 0 0 2\r\nab\r\n")


if __name__ == "__main__":
    unittest.main()
