"""How a process of the server starts: settings, logs, event loop and the tuning of Python."""

import asyncio
import ctypes
import gc
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
# mallopt(3): free memory at the end of the heap returns to the kernel from the first size on; buffers up to the second size are
# allocated in the heap.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _HEAP_BYTES = 256 * 2**20, 64 * 2**20
_COLLECT_AFTER = (100_000, 50, 1_000)
# Seconds that a thread computes while another one waits. A call passes between threads several times and waits for all computing
# threads each time: with Python's 5 ms, the large messages of one caller tripled the latency of the others.
_SWITCH_SECONDS = 0.001


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


def tune_runtime() -> None:
    """Called once all parts of the server exist.

    Objects that exist now are never freed, and batches leave no reference cycles: a collection after every 700 allocations costs
    a tenth of the processor time of small batches. Buffers of some hundred kilobytes that return to the kernel and come back as
    page faults cost as much of the time of large batches.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
            library.mallopt(_MMAP_THRESHOLD, _HEAP_BYTES)
