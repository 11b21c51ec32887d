"""How the adapter logs: one line a happening, for people or for programs."""

import logging
import sys
from typing import Any

import structlog


def configure_logs(level: str, form: str) -> None:
    """level: debug, info, warning, error; form: console or json."""
    # A rich traceback would show the values of variables, secrets among them.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    renderer: Any = structlog.processors.JSONRenderer() if form == "json" else console
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )
