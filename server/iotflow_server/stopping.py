"""Being asked to stop."""

import asyncio
import signal


def asked_to_stop() -> asyncio.Event:
    """Set by SIGTERM, SIGINT or SIGHUP; from now on these do nothing else. A SIGHUP that is ignored (nohup) stays so."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, asked.set)
    return asked
