"""Which commands a device could not be reached with, until the server has noted it."""

from collections import Counter


class UnreachableCommands:
    """Until then the server may offer later ones, which must not overtake them; from then on it keeps the order itself."""

    def __init__(self) -> None:
        # By device; those that the server may not know of yet.
        self._commands: dict[int, set[int]] = {}
        self._devices: dict[int, int] = {}
        # Answers that are not yet noted, by command: one that is offered again may have two.
        self._answers: Counter[int] = Counter()

    def is_behind(self, device_id: int, command_id: int) -> bool:
        """Whether an earlier one is among them."""
        return any(one < command_id for one in self._commands.get(device_id, ()))

    def add(self, device_id: int, command_id: int) -> None:
        """The server is being told."""
        self._commands.setdefault(device_id, set()).add(command_id)
        self._devices[command_id] = device_id
        self._answers[command_id] += 1

    def noted(self, command_id: int) -> None:
        """The server has noted one answer."""
        if command_id in self._answers:
            self._answers[command_id] -= 1
            if not self._answers[command_id]:
                del self._answers[command_id]
                self.offered(command_id)

    def offered(self, command_id: int) -> None:
        """The server offers it again: it knows."""
        device_id = self._devices.pop(command_id, None)
        if device_id is not None:
            commands = self._commands[device_id]
            commands.discard(command_id)
            if not commands:
                del self._commands[device_id]
