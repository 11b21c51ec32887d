"""The order of the states of a command, as one subscriber receives them."""

from cachetools import LRUCache

from iotflow.words import CommandState
from iotflow_server.commands.command import Command

# A command never returns to a lower rank. A report of the device outranks an expiry and a cancellation.
RANK = {
    CommandState.QUEUED: 0,
    CommandState.DELIVERED: 1,
    CommandState.EXPIRED: 2,
    CommandState.CANCELLED: 2,
    CommandState.SUCCEEDED: 3,
    CommandState.FAILED: 3,
}
MOST_REMEMBERED = 10_000


class CommandStateOrder:
    """Filters late and repeated changes. Changes may be published out of order, because transactions commit concurrently."""

    def __init__(self) -> None:
        self._ranks: LRUCache[int, int] = LRUCache(MOST_REMEMBERED)

    def is_newer(self, command: Command) -> bool:
        """Whether the state is newer than all earlier ones of this command. A newer state is remembered."""
        rank = RANK[CommandState(command.state)]
        if rank <= self._ranks.get(command.id, -1):
            return False
        self._ranks[command.id] = rank
        return True
