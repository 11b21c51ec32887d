"""Returns memory to the kernel that the C library keeps after a peak."""

import asyncio
import ctypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# The interval of the checks, and the free memory that is kept for the next batches.
INTERVAL_SECONDS, KEPT_BYTES = 10.0, 64 * 2**20


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
    """Return free memory regularly until the block is left. No effect where the C library is not glibc."""
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
        await asyncio.sleep(INTERVAL_SECONDS)
        # In a thread, because the call inspects all heaps.
        await asyncio.to_thread(_trim, library)


def _trim(library: ctypes.CDLL) -> None:
    if library.mallinfo2().fordblks > KEPT_BYTES:
        library.malloc_trim(KEPT_BYTES)
