"""Long computations in Python, beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

# Of messages up to here work takes a few milliseconds.
_AT_ONCE_BYTES = 16_384

Params = ParamSpec("Params")
Answer = TypeVar("Answer")

# One thread: of those that compute the interpreter runs one at a time, and the event loop waits for its turn among all of them. It is
# not asyncio's, in which files are read and backends waited for.
_thread = ThreadPoolExecutor(1, "computing")


async def run_in_compute_thread(work: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs) -> Answer:
    """What work(…) returns; the event loop serves others meanwhile, and other computations wait."""
    call = partial(work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_thread, call)


async def run_by_size(size: int, work: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs) -> Answer:
    """The same; at once where the message of so many bytes that the work looks through is short."""
    if size < _AT_ONCE_BYTES:
        return work(*args, **kwargs)
    return await run_in_compute_thread(work, *args, **kwargs)
