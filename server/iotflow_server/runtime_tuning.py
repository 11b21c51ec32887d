"""Tuning of the interpreter and of the C library's memory for a server that runs for long."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

# The interval of the checks, and the free memory that is kept for the next batches.
TRIM_SECONDS, TRIM_KEPT_BYTES = 10.0, 64 * 2**20
# mallopt(3): free memory at the end of the heap returns to the kernel from the first size on; buffers up to the second size are
# allocated in the heap.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _HEAP_BYTES = 256 * 2**20, 64 * 2**20
_COLLECT_AFTER = (100_000, 50, 1_000)
# Seconds that a thread computes while another one waits. A call passes between threads several times and waits for all computing
# threads each time: with Python's 5 ms, the large messages of one caller tripled the latency of the others.
_SWITCH_SECONDS = 0.001


@contextmanager
def without_collections() -> Iterator[None]:
    """For imports, which leave no garbage: collections during them take a tenth of the time of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


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


class _MallInfo(ctypes.Structure):
    """struct mallinfo2 of malloc.h. fordblks: free bytes in the heaps that belong to the process."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    )


@asynccontextmanager
async def memory_trimmer() -> AsyncIterator[None]:
    """Return memory to the kernel that the C library keeps after a peak, regularly until the block is left.

    No effect where the C library is not glibc.
    """
    library = ctypes.CDLL(None)
    if not (hasattr(library, "mallinfo2") and hasattr(library, "malloc_trim")):
        yield
        return
    library.mallinfo2.restype = _MallInfo
    task = asyncio.create_task(_trim_regularly(library), name="memory trimmer")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _trim_regularly(library: ctypes.CDLL) -> None:
    while True:
        await asyncio.sleep(TRIM_SECONDS)
        # In a thread, because the call inspects all heaps.
        await asyncio.to_thread(_trim, library)


def _trim(library: ctypes.CDLL) -> None:
    if library.mallinfo2().fordblks > TRIM_KEPT_BYTES:
        library.malloc_trim(TRIM_KEPT_BYTES)
