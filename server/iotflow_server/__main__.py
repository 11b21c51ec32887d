"""Runs one server process until SIGTERM or SIGINT."""

import asyncio
import os
import signal
import sys

import structlog

from iotflow_server.app import running_server
from iotflow_server.errors import Refusal
from iotflow_server.interpreter import settle
from iotflow_server.listening import PortTaken
from iotflow_server.logs import configure_logs
from iotflow_server.secret_files import WeakSecret
from iotflow_server.settings import Settings, WrongSettings, load_settings, unknown_settings


async def serve(settings: Settings) -> None:
    """Serve until told to stop, then drain."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with running_server(settings):
        settle()
        await told.wait()


def main() -> int:
    """The exit code: 0 after a stop asked for, 1 where the server cannot run."""
    try:
        settings = load_settings()
        configure_logs(settings.log_level, settings.log_format)
        for name in unknown_settings():
            structlog.get_logger(__name__).warning("no such setting", name=name)
        # Databases, too, are for their owner only.
        os.umask(0o077)
        asyncio.run(serve(settings))
    except WrongSettings as error:
        sys.stderr.write(f"The settings cannot be used:\n{error}\n")
        return 1
    except (PortTaken, Refusal, WeakSecret, OSError) as error:
        structlog.get_logger(__name__).error("cannot run", problem=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
