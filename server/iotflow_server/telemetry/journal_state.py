"""What a journal has to tell about itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JournalState:
    """For the health page, the status and the metrics.

    entries, bytes: what the journal holds, as records (groups of batches) and on the disk. limit_bytes: how much it takes.
    oldest_seconds: the age of the oldest, 0.0 without one. buffering: writes are acknowledged by the journal alone, and the
    backend gets them later.
    replaying: the backend gets them now. backend_available: it answered when it was last spoken to. replayed, refused:
    values given to the backend again, and of them refused, since the start.
    """

    entries: int
    bytes: int
    limit_bytes: int
    oldest_seconds: float
    buffering: bool
    replaying: bool
    backend_available: bool
    replayed: int
    refused: int
