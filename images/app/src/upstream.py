"""Asks another tier who it is, within a fixed time, whatever state it is in.

The address asked is usually a virtual IP, and the interesting moments are those
in which nobody owns it, or its owner has just died:

* A SYN that meets no owner is repeated by the kernel only after a whole second
  (RFC 6298, section 2), so a dial that stays silent is not waited for: a new one
  is started beside it.
* An owner that died after it took the request will never answer, so a request
  that stays silent is asked once more beside the first, and the first answer
  wins. The question is a GET, which may be asked twice (RFC 9110, section 9.2.2).
  Such repeats are rationed, so that an upstream that is only slow is not given
  twice the work.
* A refusal is tried again after a short pause: the address may be moving.
* A machine may be too slow for all that. Its node says so in a file that holds
  how many times longer everything takes, HAProxy's timeouts included.
"""

import json
import selectors
import socket
import time
from urllib.parse import urlsplit

DEFAULT_TIMEOUT = 0.25  # seconds for the whole question
DIAL_AGAIN = 0.05  # seconds of silence after which one more dial is made
ASK_AGAIN = 0.08  # seconds of silence after which a request is asked once more
PAUSE = 0.02  # seconds between a refusal and the next dial
MOST_OPEN = 6  # connections that one question may have open at once
MOST_BYTES = 65536  # of an answer
SPARE_MOST = 10.0  # repeats that may be saved up
SPARE_EACH = 0.1  # repeats that each question earns
SLOW = "/run/halab/slow"  # how many times longer everything takes; no file, once


def seconds(text):
    """Reads a time such as "250ms", "0.25s" or "0.25" (seconds)."""
    number, unit = text.strip(), 1.0
    if number.endswith("ms"):
        number, unit = number[:-2], 0.001
    elif number.endswith("s"):
        number = number[:-1]
    try:
        value = float(number) * unit
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 60.0:
        raise ValueError(
            "%r is not a time between 0 and 60 s: write it as 250ms or 0.25s" % text
        )
    return value


def slowness(path):
    """How many times longer everything takes on this node."""
    try:
        with open(path, encoding="ascii") as file:
            return min(max(float(file.read(16)), 1.0), 100.0)
    except (OSError, ValueError):
        return 1.0


class Upstream:
    """One URL that answers {"backend": NAME}."""

    def __init__(self, url, timeout=DEFAULT_TIMEOUT, slow=SLOW):
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(
                "%r is not an upstream: write it as http://ADDRESS[:PORT]/PATH" % url
            )
        self.host = parts.hostname
        self.port = parts.port or 80
        self.timeout = timeout
        self.slow = slow
        self.request = (
            "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n"
            % (parts.path or "/", parts.netloc)
        ).encode("ascii")
        self.address = None
        # Repeats that may be asked now. Threads share it without a lock: a lost
        # update costs a tenth of a repeat.
        self.spare = SPARE_MOST

    def resolve(self):
        """The address behind the host name, looked up once."""
        if self.address is None:
            found = socket.getaddrinfo(
                self.host, self.port, socket.AF_UNSPEC, socket.SOCK_STREAM
            )
            self.address = (found[0][0], found[0][4])
        return self.address

    def ask(self):
        """Returns the name that answered, or None when none did in time."""
        self.spare = min(SPARE_MOST, self.spare + SPARE_EACH)
        try:
            family, address = self.resolve()
        except OSError:
            return None
        slow = slowness(self.slow)
        with Question(family, address, self.request, self.timeout, slow) as question:
            while True:
                now = time.monotonic()
                if now >= question.deadline:
                    return None
                if now >= question.due and self.may_ask(question):
                    question.dial(now)
                for answer in question.wait():
                    name = backend_of(answer)
                    if name is not None:
                        return name

    def may_ask(self, question):
        """Says whether a dial that is due may be made, and pays for a repeat."""
        if question.unanswered():
            if self.spare < 1.0:
                question.due = question.deadline
                return False
            self.spare -= 1.0
        return True


class Question:
    """The connections on which one request is being asked."""

    def __init__(self, family, address, request, timeout, slow=1.0):
        self.family = family
        self.address = address
        self.request = request
        self.slow = slow
        self.due = time.monotonic()  # when to dial next
        self.deadline = self.due + timeout * slow
        self.selector = selectors.DefaultSelector()
        self.open = {}  # socket -> bytes received, or None while it dials

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.open:
            sock.close()
        self.selector.close()

    def unanswered(self):
        """Says whether a request is out that has no answer yet."""
        return any(got is not None for got in self.open.values())

    def dial(self, now):
        """Opens one more connection."""
        self.due = now + DIAL_AGAIN * self.slow
        if len(self.open) >= MOST_OPEN:
            return
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.connect(self.address)
        except BlockingIOError:
            pass
        except OSError:
            sock.close()
            self.due = now + PAUSE * self.slow
            return
        self.open[sock] = None
        self.selector.register(sock, selectors.EVENT_WRITE)

    def wait(self):
        """Waits for something to happen and returns the answers that came."""
        until = min(self.due, self.deadline)
        answers = []
        for key, _ in self.selector.select(max(0.0, until - time.monotonic())):
            try:
                answer = self.step(key.fileobj)
            except OSError:
                answer = b""
            if answer is not None:
                self.drop(key.fileobj)
                answers.append(answer)
        return answers

    def step(self, sock):
        """Goes on with one connection; returns the answer once it is complete."""
        got = self.open[sock]
        if got is None:
            # Fails here where the dial failed.
            sock.send(self.request)
            self.open[sock] = b""
            self.selector.modify(sock, selectors.EVENT_READ)
            self.due = max(self.due, time.monotonic() + ASK_AGAIN * self.slow)
            return None
        piece = sock.recv(MOST_BYTES)
        got += piece
        self.open[sock] = got
        if not piece or complete(got) or len(got) >= MOST_BYTES:
            return got
        return None

    def drop(self, sock):
        """Closes a connection that has no more to say."""
        self.selector.unregister(sock)
        del self.open[sock]
        sock.close()
        self.due = min(self.due, time.monotonic() + PAUSE * self.slow)


def split(answer):
    """Splits an HTTP answer into status, lower-case headers and body."""
    head, gap, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    words = lines[0].split(None, 2)
    if not gap or len(words) < 2 or not words[0].startswith(b"HTTP/"):
        return None, {}, b""
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    return words[1], headers, body


def complete(answer):
    """Says whether an answer has all the bytes that it announced."""
    status, headers, body = split(answer)
    length = headers.get(b"content-length", b"")
    return status is not None and length.isdigit() and len(body) >= int(length)


def backend_of(answer):
    """The name in an answer, or None when it is not the answer of a backend."""
    status, headers, body = split(answer)
    if status != b"200":
        return None
    if b"content-length" in headers and not complete(answer):
        return None
    try:
        name = json.loads(body.decode("utf-8"))["backend"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and name else None
