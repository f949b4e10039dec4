"""Lines for people on standard output, whole also when several threads have something to say (print mixes them)."""

import logging
import sys

_log = logging.getLogger("example")


def open_lines() -> None:
    """Call it once, before the first line."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")


def say(line: str) -> None:
    _log.info("%s", line)
