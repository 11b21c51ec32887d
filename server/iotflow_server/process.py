"""What every process of the server does first, and how one says that it cannot run."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine

import structlog

from iotflow_server.errors import DomainError
from iotflow_server.event_loop import ServerLoop
from iotflow_server.logs import configure_logs
from iotflow_server.settings import Settings, WrongSettings, load_settings, unknown_settings


class CannotStart(Exception):
    """The process cannot run as things are; the message says what to change."""


def started(run: Callable[[Settings], Coroutine[None, None, int]], **always: object) -> int:
    """The exit code: what run gives, or 1 where the process cannot run. always: stands in every line of the log."""
    try:
        settings = load_settings()
        configure_logs(settings.log_level, settings.log_format, **always)
        for name in unknown_settings():
            structlog.get_logger(__name__).warning("no such setting", name=name)
        # Databases, too, are for their owner only.
        os.umask(0o077)
        with asyncio.Runner(loop_factory=ServerLoop) as runner:
            return runner.run(run(settings))
    except WrongSettings as error:
        sys.stderr.write(f"The settings cannot be used:\n{error}\n")
        return 1
    except (CannotStart, DomainError, OSError) as error:
        structlog.get_logger(__name__).error("cannot run", problem=str(error))
        return 1
