"""How Python and the C library are set for a server through which many batches pass."""

import ctypes
import gc
import sys

# mallopt(3): room at the heap's end is given back from here on; buffers up to here are taken from the heap.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _HEAP_BYTES = 256 * 2**20, 64 * 2**20
_COLLECT_AFTER = (100_000, 50, 1_000)
# Seconds that a thread computes while another one waits. A call passes from thread to thread several times, and each time waits for
# all that compute: at Python's 5 ms, one caller's large messages made those of others three times as late.
_TURN_SECONDS = 0.001


def tune_runtime() -> None:
    """Called once all parts are there.

    What there is by now stays for good, and a batch leaves no cycles behind: looking for them after each 700 objects costs
    a tenth of the processor time of small batches. Buffers of some hundred kilobytes that go back to the kernel each time
    and come back as page faults cost as much of that of large ones.
    """
    sys.setswitchinterval(_TURN_SECONDS)
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
            library.mallopt(_MMAP_THRESHOLD, _HEAP_BYTES)
