"""Memory that the C library keeps after a peak, given back to the system."""

import asyncio
import ctypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Looked at so often; less than so much stays for the next batches.
INTERVAL_SECONDS, KEPT_BYTES = 10.0, 64 * 2**20


class _MallInfo(ctypes.Structure):
    """struct mallinfo2 of malloc.h: fordblks are bytes that are free in the heaps and still the process's."""

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
async def given_back() -> AsyncIterator[None]:
    """Give free memory back regularly until the block is left; nothing where the C library is not glibc."""
    library = ctypes.CDLL(None)
    if not (hasattr(library, "mallinfo2") and hasattr(library, "malloc_trim")):
        yield
        return
    library.mallinfo2.restype = _MallInfo
    task = asyncio.create_task(_give_back(library), name="memory")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _give_back(library: ctypes.CDLL) -> None:
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        # Beside the event loop: it looks through all heaps.
        await asyncio.to_thread(_trim, library)


def _trim(library: ctypes.CDLL) -> None:
    if library.mallinfo2().fordblks > KEPT_BYTES:
        library.malloc_trim(KEPT_BYTES)
