"""The application that every node runs: it says who answered.

A frontend node (HALAB_UPSTREAM is set) answers /frontend with its own name and
that of the backend which it asked; a backend node answers /backend with its own
name. Both have a page for people at / and a sign of life at /healthz.
"""

import json
import os
import socket

import fault
import page
from upstream import DEFAULT_TIMEOUT, Upstream, seconds

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

# The page has its style and its script inside and may load nothing else.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Application:
    """The WSGI application (PEP 3333)."""

    def __init__(self, environment):
        self.node = environment.get("HALAB_NODE") or socket.gethostname()
        self.upstream = None
        if environment.get("HALAB_UPSTREAM"):
            timeout = environment.get("HALAB_UPSTREAM_TIMEOUT")
            self.upstream = Upstream(
                environment["HALAB_UPSTREAM"],
                seconds(timeout) if timeout else DEFAULT_TIMEOUT,
            )
        self.faults = fault.Faults(environment.get("HALAB_APP_FAULT") or fault.PATH)
        self.tier = "frontend" if self.upstream else "backend"
        self.routes = {
            "/": self.page,
            "/healthz": self.healthz,
            "/" + self.tier: self.answer,
        }

    def __call__(self, environ, start_response):
        broken = self.faults.strike()
        method = environ["REQUEST_METHOD"]
        route = self.routes.get(environ.get("PATH_INFO") or "/")
        extra = []
        if broken:
            status, kind = "503 Service Unavailable", JSON
            body = as_json({"error": "made to fail by halab"})
        elif route is None:
            status, kind, body = "404 Not Found", JSON, as_json(self.missing(environ))
        elif method not in ("GET", "HEAD"):
            status, kind = "405 Method Not Allowed", JSON
            body = as_json({"error": "only GET and HEAD are answered"})
            extra.append(("Allow", "GET, HEAD"))
        else:
            status = "200 OK"
            kind, body = route()
        if kind == HTML:
            extra.append(("Content-Security-Policy", POLICY))
        start_response(
            status,
            [
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ]
            + extra,
        )
        return [b"" if method == "HEAD" else body]

    def names(self):
        """Who answers: this node and, on a frontend, the backend it asked."""
        if self.upstream is None:
            return {"backend": self.node}
        return {"frontend": self.node, "backend": self.upstream.ask()}

    def answer(self):
        return JSON, as_json(self.names())

    def healthz(self):
        return TEXT, b"ok\n"

    def page(self):
        return HTML, page.render(self.tier, self.names())

    def missing(self, environ):
        return {
            "error": "%s is a %s: it answers %s"
            % (self.node, self.tier, ", ".join(sorted(self.routes))),
            "path": environ.get("PATH_INFO", ""),
        }


def as_json(value):
    return (json.dumps(value, separators=(",", ":")) + "\n").encode("utf-8")


application = Application(os.environ)
