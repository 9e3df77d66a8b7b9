"""How the programs of the book begin and end: on terminals that lack signs, and stopped by a word at any moment.

It imports little, so that a program is in its hands before the imports of the program, which take seconds.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from progress import replace_what_cannot_be_shown


class Stopped(KeyboardInterrupt):
    """The build was asked to stop, by Ctrl-C or by a signal; `signum` is that signal, `running` names the chapters."""

    def __init__(self, signum: int = signal.SIGINT):
        super().__init__()
        self.signum, self.running = signum, []


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into `Stopped` in the main thread, unless the parent process ignores them."""

    def stop(signum, frame):
        raise Stopped(signum)

    with handled(stop, "SIGINT", "SIGTERM", "SIGHUP"):
        yield


@contextmanager
def handled(handler: Callable, *names: str) -> Iterator[None]:
    """Let `handler` take the signals of these names that the system has and the parent process does not ignore."""
    there = (getattr(signal, name) for name in names if hasattr(signal, name))
    before = {number: signal.getsignal(number) for number in there if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore further requests to stop, while the first one is followed."""
    with handled(signal.SIG_IGN, "SIGINT", "SIGTERM", "SIGHUP"):
        yield


def program(name: str) -> None:
    """End this process with what `main` of the module `name` returns; Ctrl-C and SIGTERM are one word, and 128 + it."""
    replace_what_cannot_be_shown(sys.stdout, sys.stderr)
    try:
        with stoppable():
            status = import_module(name).main()
        sys.stdout.flush()
    except BrokenPipeError:  # who was read to has closed; Python would complain when it closes its side
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt as stopped:
        print("stopped", file=sys.stderr)
        status = 128 + getattr(stopped, "signum", signal.SIGINT)
    sys.exit(status)
