"""The loop of a testee: JSON lines in, answers and events out. Requests run concurrently."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from iotflow.errors import ServerError

Json = dict[str, Any]
Handler = Callable[[Json], Awaitable[Json]]
_LINE_BYTES = 64 * 1024 * 1024


def report(event: str, **facts: Any) -> None:
    """Write an event."""
    _write({"event": event, **facts})


async def serve(handlers: dict[str, Handler]) -> None:
    """Answer requests until the end of the input. handlers: by the word in `do`."""
    reader = asyncio.StreamReader(_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    # A task without another reference may be collected before it ends.
    running: set[asyncio.Task[None]] = set()
    async for line in reader:
        task = asyncio.create_task(_answer(handlers, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


async def _answer(handlers: dict[str, Handler], request: Json) -> None:
    try:
        _write({"id": request["id"], "result": await handlers[request["do"]](request)})
    except ServerError as error:
        _write({"id": request["id"], "error": error_fields(error)})
    except Exception as error:  # noqa: BLE001 - the runner shows it
        failure = {"code": "INTERNAL", "reason": type(error).__name__, "message": str(error), "retryable": False}
        _write({"id": request["id"], "error": failure})


def error_fields(error: ServerError) -> Json:
    """The error as JSON."""
    return {
        "code": error.code.name,
        "reason": error.reason,
        "message": error.message,
        "field": error.field,
        "retryable": error.retryable,
        "retry_after": error.retry_after,
        "request_id": getattr(error, "request_id", ""),
    }


def _write(message: Json) -> None:
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()
