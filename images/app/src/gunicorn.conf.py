"""How gunicorn runs the application: small, quick to start, quick to stop."""

import os
import selectors
import socket

wsgi_app = "wsgi:application"
bind = "0.0.0.0:5000"

# One process and enough threads that requests which wait for a dead upstream do
# not keep the others from being answered.
worker_class = "gthread"
workers = 1
threads = 24

# A connection for each request, so that every answer says whether the app lives.
keepalive = 0

# From 25 on gunicorn can be asked by a socket, for which it loads asyncio. Older ones
# don't know the word and pass it over.
control_socket_disable = True

# No watchdog: an app that was frozen goes on where it was when it thaws.
timeout = 0
graceful_timeout = 2

# The root is read-only; every container has a tmpfs here.
worker_tmp_dir = "/dev/shm"

# Off by default: probes come many times a second.
accesslog = "-" if os.environ.get("HALAB_ACCESS_LOG") == "1" else None
access_log_format = '%(h)s %(m)s %(U)s %(s)s %(M)sms'


def when_ready(server):
    """Lets connections from a machine that died be forgotten (tcp(7)).

    Accepted connections inherit this; without it each would hold a thread for
    ever.
    """
    for listener in server.LISTENERS:
        sock = listener.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def post_worker_init(worker):
    """Wakes the worker when a signal comes.

    The worker's loop looks only once a second whether it should end. gunicorn
    already writes a byte to this pipe for each signal (signal.set_wakeup_fd).
    """
    worker.poller.register(
        worker.PIPE[0], selectors.EVENT_READ, lambda pipe: os.read(pipe, 64)
    )
