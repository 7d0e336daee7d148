"""Tests of how the app asks another tier. Each server here fails in one way."""

import os
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src"))

import upstream

GOOD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Content-Length: 25\r\n\r\n{"backend":"backend-01"}\n'
)
SLACK = 0.25  # seconds that a busy machine may add


class Server:
    """Listens, and does with the n-th connection what the n-th act says."""

    def __init__(self, *acts):
        self.acts = acts
        self.taken = 0
        self.kept = []
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.url = "http://127.0.0.1:%d/backend" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for connection in self.kept:
            connection.close()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            act = self.acts[min(self.taken, len(self.acts) - 1)]
            self.taken += 1
            act(self, connection)


def answer(text, close=True):
    def act(server, connection):
        connection.recv(65536)
        connection.sendall(text)
        if close:
            connection.close()
        else:
            server.kept.append(connection)

    return act


def silence(server, connection):
    server.kept.append(connection)


def reset(_, connection):
    connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    connection.close()


def timed(url, timeout=0.25):
    start = time.monotonic()
    name = upstream.Upstream(url, timeout).ask()
    return name, time.monotonic() - start


class Ask(unittest.TestCase):
    def test_answer(self):
        with Server(answer(GOOD)) as server:
            name, _ = timed(server.url, 5)
        self.assertEqual(name, "backend-01")
        self.assertEqual(server.taken, 1)

    def test_answer_that_stays_open_is_taken_when_complete(self):
        with Server(answer(GOOD, close=False)) as server:
            name, took = timed(server.url, 5)
        self.assertEqual(name, "backend-01")
        self.assertLess(took, 1)

    def test_answer_without_length(self):
        with Server(answer(b'HTTP/1.0 200 OK\r\n\r\n{"backend":"b"}')) as server:
            self.assertEqual(timed(server.url, 5)[0], "b")

    def test_failures_are_tried_again(self):
        failures = {
            "reset": reset,
            "503": answer(b"HTTP/1.0 503 Service Unavailable\r\n\r\nno server"),
            "empty": answer(b""),
            "cut short": answer(GOOD[:-5]),
            "no JSON": answer(b"HTTP/1.0 200 OK\r\n\r\n<html>"),
            "another JSON": answer(b'HTTP/1.0 200 OK\r\n\r\n["backend"]'),
            "no name": answer(b'HTTP/1.0 200 OK\r\n\r\n{"backend":null}'),
            "no HTTP": answer(b"\x00\xff\r\n\r\n"),
        }
        for what, failure in failures.items():
            with self.subTest(what), Server(failure, answer(GOOD)) as server:
                self.assertEqual(timed(server.url, 5)[0], "backend-01")
                self.assertEqual(server.taken, 2)

    def test_silent_owner_is_asked_again_beside_the_first(self):
        with Server(silence, answer(GOOD)) as server:
            name, took = timed(server.url, 5)
        self.assertEqual(name, "backend-01")
        self.assertLess(took, 1)

    def test_nobody_answers_in_time(self):
        with Server(silence) as server:
            name, took = timed(server.url)
        self.assertIsNone(name)
        self.assertGreaterEqual(took, 0.24)
        self.assertLess(took, 0.25 + SLACK)

    def test_refused_all_the_time(self):
        with Server(silence) as server:
            pass
        name, took = timed(server.url)
        self.assertIsNone(name)
        self.assertLess(took, 0.25 + SLACK)

    def test_refused_at_first(self):
        late = Server(answer(GOOD))
        port = late.socket.getsockname()[1]
        late.socket.close()
        opened = []

        def open_later():
            late.socket = socket.socket()
            late.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            late.socket.bind(("127.0.0.1", port))
            late.socket.listen(8)
            opened.append(late.__enter__())

        timer = threading.Timer(0.1, open_later)
        timer.start()
        name, _ = timed(late.url, 5)
        timer.join()
        opened[0].__exit__()
        self.assertEqual(name, "backend-01")

    def test_drip_does_not_outlast_the_time(self):
        def drip(_, connection):
            try:
                while True:
                    connection.sendall(b"H")
                    time.sleep(0.02)
            except OSError:
                connection.close()

        with Server(drip) as server:
            name, took = timed(server.url)
        self.assertIsNone(name)
        self.assertLess(took, 0.25 + SLACK)

    def test_repeats_are_rationed(self):
        with Server(silence) as server:
            asked = upstream.Upstream(server.url, 0.1)
            asked.spare = 0.0
            self.assertIsNone(asked.ask())
        self.assertEqual(server.taken, 1)

    def test_a_slow_node_gives_everything_more_time(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "slow")
            asked = upstream.Upstream("http://127.0.0.1:1/backend", 0.01, path)
            for said, took in ((None, 0.01), ("20\n", 0.2), ("soon", 0.01), ("0", 0.01)):
                if said is not None:
                    with open(path, "w", encoding="ascii") as file:
                        file.write(said)
                start = time.monotonic()
                self.assertIsNone(asked.ask())
                self.assertGreaterEqual(time.monotonic() - start, took)
                if took < 0.2:
                    self.assertLess(time.monotonic() - start, 0.2)

    def test_a_slow_node_asks_again_later(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "slow")
            with open(path, "w", encoding="ascii") as file:
                file.write("20\n")
            with Server(silence) as server:  # 80 ms times 20 are more than 50 ms times 20
                self.assertIsNone(upstream.Upstream(server.url, 0.05, path).ask())
            self.assertEqual(server.taken, 1)

    def test_nothing_is_left_open(self):
        before = len(os.listdir("/proc/self/fd"))
        with Server(silence) as server:
            asked = upstream.Upstream(server.url, 0.1)
            for _ in range(3):
                asked.ask()
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before)

    def test_unknown_host(self):
        start = time.monotonic()
        self.assertIsNone(upstream.Upstream("http://[::ffff]:1/", 0.1).ask())
        self.assertLess(time.monotonic() - start, 0.1 + SLACK)


class Words(unittest.TestCase):
    def test_seconds(self):
        for text, want in (("250ms", 0.25), ("0.25s", 0.25), ("0.25", 0.25), (" 2s ", 2.0)):
            self.assertAlmostEqual(upstream.seconds(text), want)
        for text in ("", "0", "-1s", "soon", "61s", "1m", "nan", "inf"):
            with self.assertRaises(ValueError):
                upstream.seconds(text)

    def test_url(self):
        asked = upstream.Upstream("http://192.0.2.20/backend")
        self.assertEqual((asked.host, asked.port), ("192.0.2.20", 80))
        self.assertIn(b"GET /backend HTTP/1.0\r\nHost: 192.0.2.20\r\n", asked.request)
        for url in ("", "192.0.2.20", "https://192.0.2.20/", "http:///backend"):
            with self.assertRaises(ValueError):
                upstream.Upstream(url)


if __name__ == "__main__":
    unittest.main()
