"""The start of a process of the server: its settings, its logs and its event loop."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from iotflow_server.errors import DomainError
from iotflow_server.settings import Settings, WrongSettings, load_settings, unknown_settings

# A name service that does not answer occupies one thread for each name.
RESOLVER_THREADS = 4


class CannotStart(Exception):
    """The process cannot run; the message names the setting or the condition to change."""


class ServerLoop(asyncio.SelectorEventLoop):
    """Looks names up in threads of their own, so that a hanging name service does not delay other work in threads."""

    def __init__(self) -> None:
        super().__init__()
        self._resolvers = ThreadPoolExecutor(RESOLVER_THREADS, "resolver")

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        return await self.run_in_executor(self._resolvers, socket.getaddrinfo, host, port, family, type, proto, flags)

    def close(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)
        super().close()


def run_process(run: Callable[[Settings], Coroutine[None, None, int]], **log_fields: object) -> int:
    """The exit code: the result of `run`, or 1 where the process cannot run. log_fields: part of every line of the log."""
    try:
        settings = load_settings()
        configure_logs(settings.log_level, settings.log_format, **log_fields)
        for name in unknown_settings():
            structlog.get_logger(__name__).warning("unknown_setting", name=name)
        # Databases and secrets are readable by their owner only.
        os.umask(0o077)
        with asyncio.Runner(loop_factory=ServerLoop) as runner:
            return runner.run(run(settings))
    except WrongSettings as error:
        sys.stderr.write(f"The settings are invalid:\n{error}\n")
        return 1
    except (CannotStart, DomainError, OSError) as error:
        structlog.get_logger(__name__).error("cannot_run", problem=str(error))
        return 1


def configure_logs(level: str, form: str, **fields: object) -> None:
    """level: debug, info, warning, error. form: console or json. fields: part of every line."""
    # The rich traceback would show the values of variables, and so secrets.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else console
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        lambda _logger, _method, line: {**line, **fields},
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        # Writes each line in one call, so that the lines of several processes do not mix.
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )
