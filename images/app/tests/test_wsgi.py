"""Tests of what the app answers on each kind of node."""

import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src"))

import wsgi

BACKEND = {"HALAB_NODE": "backend-02"}
# Nothing listens on the discard port of the machine itself.
FRONTEND = {
    "HALAB_NODE": "frontend-01",
    "HALAB_UPSTREAM": "http://127.0.0.1:9/backend",
    "HALAB_UPSTREAM_TIMEOUT": "50ms",
}


def get(environment, path, method="GET", backend=None):
    """Returns status, headers and body."""
    app = wsgi.Application(environment)
    if backend is not None:
        app.upstream.ask = lambda: backend
    said = []
    body = b"".join(
        app(
            {"REQUEST_METHOD": method, "PATH_INFO": path},
            lambda status, headers: said.extend((status, dict(headers))),
        )
    )
    return said[0], said[1], body


class Answers(unittest.TestCase):
    def test_backend(self):
        status, headers, body = get(BACKEND, "/backend")
        self.assertEqual((status, body), ("200 OK", b'{"backend":"backend-02"}\n'))
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(headers["Content-Length"], str(len(body)))

    def test_frontend(self):
        status, _, body = get(FRONTEND, "/frontend", backend="backend-02")
        self.assertEqual(status, "200 OK")
        self.assertEqual(body, b'{"frontend":"frontend-01","backend":"backend-02"}\n')

    def test_frontend_without_a_backend(self):
        status, _, body = get(FRONTEND, "/frontend")
        self.assertEqual(status, "200 OK")
        self.assertEqual(json.loads(body.decode()), {"frontend": "frontend-01", "backend": None})

    def test_healthz(self):
        for environment in (BACKEND, FRONTEND):
            self.assertEqual(get(environment, "/healthz")[0], "200 OK")

    def test_missing(self):
        for environment, path in ((BACKEND, "/frontend"), (FRONTEND, "/backend"), (BACKEND, "/x")):
            status, headers, body = get(environment, path)
            self.assertEqual(status, "404 Not Found")
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertIn("error", json.loads(body.decode()))

    def test_methods(self):
        status, headers, body = get(BACKEND, "/backend", "HEAD")
        self.assertEqual((status, headers["Content-Length"], body), ("200 OK", "25", b""))
        status, headers, _ = get(BACKEND, "/backend", "POST")
        self.assertEqual((status, headers["Allow"]), ("405 Method Not Allowed", "GET, HEAD"))

    def test_wrong_environment(self):
        for name, value in (("HALAB_UPSTREAM", "backend-00"), ("HALAB_UPSTREAM_TIMEOUT", "soon")):
            with self.assertRaises(ValueError):
                wsgi.Application(dict(FRONTEND, **{name: value}))


class Page(unittest.TestCase):
    def test_names(self):
        _, headers, body = get(FRONTEND, "/", backend="backend-02")
        text = body.decode()
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        self.assertIn("This answer came from frontend-01 and backend-02.", text)
        self.assertIn("no backend", get(FRONTEND, "/")[2].decode())
        self.assertIn("came from backend-02.", get(BACKEND, "/")[2].decode())

    def test_nothing_comes_from_elsewhere(self):
        text = get(BACKEND, "/")[2].decode()
        outside = re.findall(r"""(?:src|href|url\(|@import)[=\s"']*(?:https?:)?//""", text)
        self.assertEqual(outside, [])
        self.assertIn("default-src 'none'", get(BACKEND, "/")[1]["Content-Security-Policy"])
        self.assertNotRegex(text, "%[A-Z]+%")

    def test_hostile_name(self):
        text = get({"HALAB_NODE": '</script><b id="x">'}, "/")[2].decode()
        self.assertNotIn("<b id=", text)
        self.assertEqual(text.count("</script>"), 2)


if __name__ == "__main__":
    unittest.main()
