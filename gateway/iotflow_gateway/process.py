"""What every process of the adapter does first, and how it ends."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine

import structlog

from iotflow.errors import ServerError
from iotflow_gateway.descriptors import DescriptorErrors
from iotflow_gateway.logs import configure_logs
from iotflow_gateway.settings import Settings, WrongSettings, load_settings, unknown_settings

log = structlog.get_logger(__name__)

# Seconds that the thread that reads long messages computes while the event loop waits.
TURN_SECONDS = 0.001

Run = Callable[[Settings], Coroutine[None, None, None]]


def started(run: Run) -> int:
    """Run until SIGTERM, SIGINT or SIGHUP; the exit code: 0 after a stop asked for, 1 where it cannot run."""
    try:
        settings = load_settings()
    except WrongSettings as error:
        sys.stderr.write(f"The settings cannot be used:\n{error}\n")
        return 1
    configure_logs(settings.log_level, settings.log_format)
    for name in unknown_settings():
        log.warning("no such setting", name=name)
    sys.setswitchinterval(TURN_SECONDS)
    return asyncio.run(_until_asked(run(settings)))


async def _until_asked(running: Coroutine[None, None, None]) -> int:
    work = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(DescriptorErrors())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP, and so does what it starts.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except (ServerError, OSError) as error:
        log.error("cannot run", problem=str(error))
        return 1
    return 0
