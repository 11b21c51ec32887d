"""A set of ids that takes little memory, because most of its ids are consecutive."""

from collections.abc import Iterable

# Ids of one block.
_BLOCK = 1_024


class IdSet:
    """A million consecutive ids take 200 kB, in place of 60 MB."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def __contains__(self, one: int) -> bool:
        block, place = divmod(one, _BLOCK)
        return bool(self._blocks.get(block, 0) >> place & 1)

    def update(self, ids: Iterable[int]) -> None:
        """Add the ids."""
        for one in ids:
            block, place = divmod(one, _BLOCK)
            self._blocks[block] = self._blocks.get(block, 0) | 1 << place
