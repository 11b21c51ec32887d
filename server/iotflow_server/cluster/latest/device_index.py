"""What a process knows of the roll: the devices that Redis may have entries of."""

import time
from collections.abc import Collection, Sequence

from iotflow_server.cluster.latest.entries import ROLL_SECONDS


class CachedDeviceIndex:
    """known: generation and version, as Redis told them."""

    def __init__(self) -> None:
        self.known: tuple[bytes, bytes] = (b"", b"")
        self._until: dict[int, float] = {}

    def learn(self, generation: bytes, version: bytes, members: Sequence[bytes]) -> None:
        """What NOTE answers: all members where the generation is new, otherwise those that were added."""
        if generation != self.known[0]:
            self._until = {}
        self.known = (generation, version)
        now = time.monotonic()
        self._until = {device_id: until for device_id, until in self._until.items() if until > now}
        until = now + ROLL_SECONDS
        self._until |= dict.fromkeys((int(member) for member in members if member.isdigit()), until)

    def among(self, device_ids: Collection[int]) -> set[int]:
        """Those of them that are on the roll."""
        if not self._until:
            return set()
        now = time.monotonic()
        return {device_id for device_id in device_ids if self._until.get(device_id, 0.0) > now}
