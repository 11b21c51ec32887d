"""Keeps new keys of devices in their file, while others come."""

import asyncio
from dataclasses import dataclass, field

from iotflow_simulators import SimulationError
from iotflow_simulators.registration import KeyStore


@dataclass(slots=True)
class _Group:
    """Keys by device that are written together. problem: why they could not be."""

    keys: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    problem: SimulationError | None = None


class KeySaver:
    """Writes the file in a thread. Keys that come while it is written are in the next group."""

    def __init__(self, keys: KeyStore) -> None:
        self._store = keys
        self._writing = asyncio.Lock()
        self._next = _Group()

    async def save(self, device: str, key: str) -> None:
        """Returns when the key is in the file. Raises SimulationError where it cannot be written."""
        group = self._next
        group.keys[device] = key
        async with self._writing:
            if not group.is_done:
                await self._write(group)
        if group.problem:
            raise group.problem

    async def _write(self, group: _Group) -> None:
        self._next = _Group()
        try:
            await asyncio.to_thread(self._store.keep_all, group.keys)
        except SimulationError as error:
            group.problem = error
        group.is_done = True
