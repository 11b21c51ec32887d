"""Runs long computations in Python outside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

# The work on messages below this size takes a few milliseconds.
_AT_ONCE_BYTES = 16_384

Params = ParamSpec("Params")
Result = TypeVar("Result")

# One thread, because the interpreter runs one computing thread at a time, and the event loop competes with all of them. asyncio's
# own threads are for files and for calls that wait.
_thread = ThreadPoolExecutor(1, "computing")


async def run_in_compute_thread(work: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
    """The result of work(…). The event loop stays responsive; other computations wait."""
    call = partial(work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_thread, call)


async def run_by_size(size: int, work: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
    """As run_in_compute_thread, but directly for a message of few bytes. size: of the message that the work examines."""
    if size < _AT_ONCE_BYTES:
        return work(*args, **kwargs)
    return await run_in_compute_thread(work, *args, **kwargs)
