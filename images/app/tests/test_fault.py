"""The application is slow or fails as its file says, and only then."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))

import fault  # noqa: E402


class FaultsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "app.fault")
        self.slept = []
        self.drawn = 0.5
        self.faults = fault.Faults(self.path, self.slept.append, lambda: self.drawn)

    def says(self, text):
        new = self.path + ".new"
        with open(new, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(new, self.path)

    def test_no_file(self):
        self.assertFalse(self.faults.strike())
        self.assertEqual(self.slept, [])

    def test_slow(self):
        self.says('{"slow_ms": 250, "percent": 0}')
        self.assertFalse(self.faults.strike())
        self.assertEqual(self.slept, [0.25])

    def test_share(self):
        self.says('{"slow_ms": 0, "percent": 60}')
        self.assertTrue(self.faults.strike())
        self.drawn = 0.6
        self.assertFalse(self.faults.strike())

    def test_ends_with_its_file(self):
        self.says('{"slow_ms": 250, "percent": 100}')
        self.assertTrue(self.faults.strike())
        os.remove(self.path)
        self.assertFalse(self.faults.strike())
        self.assertEqual(self.slept, [0.25])

    def test_change_is_seen(self):
        self.says('{"slow_ms": 250, "percent": 0}')
        self.faults.strike()
        self.says('{"slow_ms": 500, "percent": 0}')
        self.faults.strike()
        self.assertEqual(self.slept, [0.25, 0.5])

    def test_nonsense_is_no_fault(self):
        for text in ("", "[]", "{", '{"slow_ms": "x"}', '{"percent": null}'):
            self.says(text)
            self.assertFalse(self.faults.strike(), text)
        self.assertEqual(self.slept, [])


if __name__ == "__main__":
    unittest.main()
