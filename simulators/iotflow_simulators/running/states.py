"""The states of devices, one byte for each."""

from enum import IntEnum


class State(IntEnum):
    """Of a device's connection. Higher numbers need more attention. LOST: the device waits before it connects again."""

    OFF = 0
    ONLINE = 1
    CONNECTING = 2
    WRONG_KEY = 3
    LOST = 4


class States:
    """Of all devices of a plan, by their index."""

    def __init__(self, devices: int = 0) -> None:
        self._states = bytearray(devices)

    def __len__(self) -> int:
        return len(self._states)

    def __getitem__(self, device: int) -> State:
        return State(self._states[device])

    def __setitem__(self, device: int, state: State) -> None:
        self._states[device] = state

    def counts(self) -> dict[State, int]:
        """How many devices are in each state."""
        return {state: self._states.count(bytes((state,))) for state in State}

    def map(self, cells: int) -> list[State]:
        """The states in at most this many cells. Neighbours share a cell, which has the highest state of them."""
        each = max(-(-len(self._states) // cells), 1)
        return [State(max(self._states[start : start + each])) for start in range(0, len(self._states), each)]
