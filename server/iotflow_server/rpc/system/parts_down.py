"""Which parts of the service beside this server do not run, as `iotflow up` keeps it in a file."""

import asyncio
from pathlib import Path


class PartsDown:
    """file: a sentence a line; missing or empty: all parts run. None: there is no such file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    async def check(self) -> str:
        """The sentences; empty: all parts run."""
        return await asyncio.to_thread(_sentences, self._file) if self._file else ""


def _sentences(file: Path) -> str:
    try:
        return "; ".join(file.read_text().splitlines())
    except OSError:
        return ""
