"""A presence board in memory."""

from collections.abc import Sequence

from iotflow_server.presence.last_seen import Sightings


class MemoryBoard:
    """PresenceBoard shared by all instances that were created with the same list."""

    def __init__(self, told: list[tuple["MemoryBoard", Sightings]]) -> None:
        self._told = told
        self._place = 0

    async def exchange(self, heard: Sightings | None) -> Sequence[Sightings]:
        found = [one for teller, one in self._told[self._place :] if teller is not self]
        if heard is not None:
            self._told.append((self, heard))
        self._place = len(self._told)
        return found
