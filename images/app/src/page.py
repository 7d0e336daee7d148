"""Fills the page for people with the names that answered."""

import html
import json
import os

with open(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html"),
    encoding="utf-8",
) as _file:
    TEMPLATE = _file.read()


def render(tier, names):
    """Returns the page as bytes. A name of None means that nobody answered."""
    first = {"tier": tier, "names": names}
    # "<" inside a script element could end it: JSON has another way to write it.
    data = json.dumps(first, sort_keys=True).replace("<", "\\u003c")
    said = " and ".join(
        html.escape(names[key] or "no " + key)
        for key in ("frontend", "backend")
        if key in names
    )
    return TEMPLATE.replace("%SAID%", said).replace("%DATA%", data).encode("utf-8")
