"""Hashes of what devices send, equal on any machine."""

import json
from hashlib import sha256
from typing import Any

from iotflow_simulators.generation.events import Event, Reading


def canonical(event: Event, device: str) -> bytes:
    """The event as a line of JSON: type, device by name, the rest in the order of its definition, numbers as Python writes them."""
    rest = [value.hex() if isinstance(value, bytes) else value for value in event[1:]]
    line = json.dumps([type(event).__name__, device, *rest], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return line.encode() + b"\n"


class ReadingsDigest:
    """A hash of the readings of many devices: readings of one device count in their order, the order of devices does not.

    `due` does not count, so that a ledger can compute the hash from what it has.
    """

    def __init__(self) -> None:
        self._states: dict[str, Any] = {}

    def add(self, device: str, reading: Reading) -> None:
        """Add the next reading of a device, by its name."""
        state = self._states.get(device)
        if state is None:
            state = self._states[device] = sha256()
        values = json.dumps(reading.values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        state.update(f"{reading.sequence} {reading.time} {values}\n".encode())

    def hexdigest(self) -> str:
        """The hash of all readings so far."""
        total = sha256()
        for device in sorted(self._states):
            total.update(f"{device} {self._states[device].hexdigest()}\n".encode())
        return total.hexdigest()
