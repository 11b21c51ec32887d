"""Runs the adapter until SIGTERM or SIGINT."""

import asyncio
import signal
import sys

import structlog

from iotflow.errors import ServerError
from iotflow_gateway.app import run
from iotflow_gateway.logs import configure_logs
from iotflow_gateway.settings import Settings, WrongSettings, load_settings, unknown_settings

log = structlog.get_logger(__name__)


def main() -> int:
    """The exit code: 0 after a stop asked for, 1 where the adapter cannot run."""
    try:
        settings = load_settings()
    except WrongSettings as error:
        sys.stderr.write(f"The settings cannot be used:\n{error}\n")
        return 1
    configure_logs(settings.log_level, settings.log_format)
    for name in unknown_settings():
        log.warning("no such setting", name=name)
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    work = asyncio.ensure_future(run(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except (ServerError, OSError) as error:
        log.error("cannot run", problem=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
