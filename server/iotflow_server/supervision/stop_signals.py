"""The signals that ask a process to stop."""

import asyncio
import signal
from collections.abc import Callable


def on_stop_signal(callback: Callable[[signal.Signals], None]) -> None:
    """Call back at each SIGTERM, SIGINT and SIGHUP, which have no other effect from now on.

    A SIGHUP that is ignored (nohup) stays ignored.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, callback, number)


def stop_requested() -> asyncio.Event:
    """An event that the first of these signals sets."""
    requested = asyncio.Event()
    on_stop_signal(lambda _: requested.set())
    return requested
