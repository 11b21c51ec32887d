"""File descriptors that are used up: a line each ten seconds, where asyncio writes a hundred tracebacks each second."""

import asyncio
import errno
import time
from typing import Any

import structlog

log = structlog.get_logger(__name__)

USED_UP = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
LINE_SECONDS = 10.0
HINT = "new connections wait; raise the limit of open files (ulimit -n), or find who opens so many"


class DescriptorErrors:
    """A handler of what the event loop itself fails over."""

    def __init__(self) -> None:
        self._next_line = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in USED_UP):
            loop.default_exception_handler(context)
            return
        now = time.monotonic()
        if now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            log.error("connection_not_accepted", problem=str(error), hint=HINT)
