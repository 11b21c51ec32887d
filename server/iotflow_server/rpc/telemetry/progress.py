"""How far commands have come, as one watcher was told."""

from collections import OrderedDict

from iotflow.words import CommandState
from iotflow_server.commands.command import Command

# A command goes only upwards: a device's word counts more than the clock's or an admin's.
RANK = {
    CommandState.QUEUED: 0,
    CommandState.DELIVERED: 1,
    CommandState.EXPIRED: 2,
    CommandState.CANCELLED: 2,
    CommandState.SUCCEEDED: 3,
    CommandState.FAILED: 3,
}
MOST_REMEMBERED = 10_000


class Progress:
    """Changes may be told late, or twice: writers of a database overtake each other on their way back."""

    def __init__(self) -> None:
        self._ranks: OrderedDict[int, int] = OrderedDict()

    def is_news(self, command: Command) -> bool:
        """Whether it has come further than what was told of it; from now on it was told."""
        rank = RANK[CommandState(command.state)]
        if rank <= self._ranks.get(command.id, -1):
            return False
        self._ranks[command.id] = rank
        self._ranks.move_to_end(command.id)
        if len(self._ranks) > MOST_REMEMBERED:
            self._ranks.popitem(last=False)
        return True
