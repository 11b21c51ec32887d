"""Errors of accept() when no file descriptor is free: one line in ten seconds, instead of asyncio's hundred tracebacks a second."""

import asyncio
import errno
from typing import Any

import structlog

from iotflow.log_limits import Interval

log = structlog.get_logger(__name__)

USED_UP = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
HINT = "new connections wait; raise the limit of open files (ulimit -n), or find the client that opens too many"


class DescriptorErrors:
    """An exception handler of the event loop."""

    def __init__(self) -> None:
        self._between_lines = Interval()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in USED_UP):
            loop.default_exception_handler(context)
            return
        if self._between_lines.passed():
            log.error("connection_not_accepted", problem=str(error), hint=HINT)
