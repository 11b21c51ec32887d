"""Start and stop of the adapter's process: settings, log, signals and exit code."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from iotflow.errors import ServerError
from iotflow_gateway.descriptors import DescriptorErrors
from iotflow_gateway.settings import GatewaySettings, WrongGatewaySettings, load_settings, unknown_settings

log = structlog.get_logger(__name__)

# Time for which the thread that decodes long messages may hold the interpreter while the event loop waits.
SWITCH_SECONDS = 0.001

# Messages leave no reference cycles. Collections after every 700 allocations, as Python makes them, take a fifth of the processor
# time of short messages, because thousands of them wait for the server.
COLLECT_AFTER = (50_000, 20, 100)

Run = Callable[[GatewaySettings], Coroutine[None, None, None]]


def run_process(run: Run) -> int:
    """Run until SIGTERM, SIGINT or SIGHUP. The exit code: 0 after such a signal, 1 if the adapter cannot run."""
    try:
        settings = load_settings()
    except WrongGatewaySettings as error:
        _write_problem(error)
        return 1
    _configure_log(settings.log_level, settings.log_format)
    for name in unknown_settings():
        log.warning("unknown_setting", name=name, hint="the variable has no effect; remove it, or correct its name")
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    return asyncio.run(_run_until_signal(run(settings)))


def _write_problem(error: WrongGatewaySettings) -> None:
    sys.stderr.write(f"The settings are not valid:\n{error}\n")


async def _run_until_signal(running: Coroutine[None, None, None]) -> int:
    work = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(DescriptorErrors())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A process started by nohup ignores SIGHUP.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        return 0
    except WrongGatewaySettings as error:
        _write_problem(error)
        return 1
    except (ServerError, OSError) as error:
        log.error("adapter_stopped", problem=str(error))
        return 1
    return 0


def _configure_log(level: str, form: str) -> None:
    """level: debug, info, warning, error. form: console or json."""
    # A rich traceback would show the values of variables, which may be secrets.
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
