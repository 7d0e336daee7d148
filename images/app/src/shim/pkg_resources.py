"""Stands in for setuptools' pkg_resources, which takes half of the start-up time.

gunicorn 20.1 imports it for what this image does not use: workers and loggers
that other packages bring along ("egg:" addresses and entry points).
"""


def load_entry_point(dist, group, name):
    raise ImportError("no %s named %s: this image has gunicorn's own only" % (group, name))
