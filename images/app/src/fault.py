"""What `halab fail … slow` and `halab fail … error` do to the application.

The node's agent writes a small file; each request looks whether it changed,
which is one stat(2).
"""

import json
import os
import random
import time

PATH = "/run/halab/app.fault"


class Faults:
    """The faults that a file asks for; no file, none."""

    def __init__(self, path=PATH, sleep=time.sleep, draw=random.random):
        self.path = path
        self.sleep = sleep
        self.draw = draw
        self.seen = None  # what the file's values were read from
        self.slow = 0.0  # seconds
        self.share = 0.0  # of answers that fail

    def strike(self):
        """Waits as long as was asked for, and says whether to fail."""
        self.look()
        if self.slow > 0.0:
            self.sleep(self.slow)
        return self.share > 0.0 and self.draw() < self.share

    def look(self):
        try:
            now = os.stat(self.path)
        except OSError:
            self.seen, self.slow, self.share = None, 0.0, 0.0
            return
        mark = (now.st_ino, now.st_mtime_ns, now.st_size)
        if mark == self.seen:
            return
        try:
            with open(self.path, encoding="utf-8") as file:
                asked = json.load(file)
            slow = float(asked.get("slow_ms", 0)) / 1000.0
            share = float(asked.get("percent", 0)) / 100.0
        except (OSError, ValueError, TypeError, AttributeError):
            slow = share = 0.0
        self.slow, self.share = min(max(slow, 0.0), 3600.0), share
        self.seen = mark
