"""The command `tieback`: the same as that of the Rust program."""

from __future__ import annotations

import signal
import sys

from . import _tieback


def main() -> int:
    """Runs the command with the arguments of this process, and gives its exit code."""
    # As in the program, where the command itself heeds signals. Python's own handler would wait for the next line.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _tieback.command(["tieback", *sys.argv[1:]])
