"""Reads the file in which `iotflow up` lists the stopped parts of the service."""

import asyncio
from pathlib import Path


class PartsDown:
    """file: one sentence on each line; missing or empty: all parts run. None: no supervisor writes such a file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    async def check(self) -> str:
        """The sentences of the file; empty: all parts run."""
        return await asyncio.to_thread(_sentences, self._file) if self._file else ""


def _sentences(file: Path) -> str:
    try:
        return "; ".join(file.read_text().splitlines())
    except OSError:
        return ""
