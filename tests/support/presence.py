"""A presence board in memory."""

from collections.abc import Sequence

from iotflow_server.presence.last_seen import Sightings


class MemoryBoard:
    """PresenceBoard shared by all instances that were created with the same list."""

    def __init__(self, exchanged: list[tuple["MemoryBoard", Sightings]]) -> None:
        self._exchanged = exchanged
        self._place = 0

    async def exchange(self, sightings: Sightings | None) -> Sequence[Sightings]:
        found = [one for sender, one in self._exchanged[self._place :] if sender is not self]
        if sightings is not None:
            self._exchanged.append((self, sightings))
        self._place = len(self._exchanged)
        return found
