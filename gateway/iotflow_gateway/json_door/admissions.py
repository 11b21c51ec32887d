"""Bounds of the number of connections: in all, of an address, of a device, and without a login."""

from collections import Counter
from typing import TypeVar

from iotflow_gateway.json_door.limits import (
    MOST_CONNECTIONS,
    MOST_OF_A_DEVICE,
    MOST_OF_AN_ADDRESS,
    MOST_WITHOUT_LOGIN,
    MOST_WITHOUT_LOGIN_OF_AN_ADDRESS,
)

Key = TypeVar("Key", str, int)


class TooMany(Exception):
    """A connection is above a limit. The message names the limit."""


class Admissions:
    """The connections of one process."""

    def __init__(self) -> None:
        self._count = 0
        self._by_address: Counter[str] = Counter()
        self._by_device: Counter[int] = Counter()
        self._without_login = 0
        self._without_login_by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._count

    def admit(self, address: str) -> "Admission":
        """Count a connection without a login. Raises TooMany."""
        if self._count >= MOST_CONNECTIONS:
            raise TooMany(f"{MOST_CONNECTIONS} connections are open.")
        if self._by_address[address] >= MOST_OF_AN_ADDRESS:
            raise TooMany(f"{MOST_OF_AN_ADDRESS} connections of one address are open.")
        if self._without_login >= MOST_WITHOUT_LOGIN:
            raise TooMany(f"{MOST_WITHOUT_LOGIN} connections have not logged in.")
        if self._without_login_by_address[address] >= MOST_WITHOUT_LOGIN_OF_AN_ADDRESS:
            raise TooMany(f"{MOST_WITHOUT_LOGIN_OF_AN_ADDRESS} connections of one address have not logged in.")
        self._count += 1
        _add(self._by_address, address, 1)
        self._count_login(address, 1)
        return Admission(self, address)

    def log_in(self, address: str, device_id: int) -> None:
        """Count a connection as one of the device, and no longer as one without a login. Raises TooMany."""
        if device_id and self._by_device[device_id] >= MOST_OF_A_DEVICE:
            raise TooMany(f"{MOST_OF_A_DEVICE} connections of this device are open.")
        self._count_login(address, -1)
        _add(self._by_device, device_id, 1)

    def remove(self, address: str, device_id: int | None) -> None:
        """Count a connection no longer. device_id: None before its login."""
        self._count -= 1
        _add(self._by_address, address, -1)
        if device_id is None:
            self._count_login(address, -1)
        else:
            _add(self._by_device, device_id, -1)

    def _count_login(self, address: str, change: int) -> None:
        self._without_login += change
        _add(self._without_login_by_address, address, change)


class Admission:
    """One counted connection."""

    def __init__(self, admissions: Admissions, address: str) -> None:
        self._admissions = admissions
        self._address = address
        self._device_id: int | None = None
        self._has_ended = False

    def log_in(self, device_id: int) -> None:
        """Record the login. device_id: 0 for a token. Raises TooMany."""
        if not self._has_ended:
            self._admissions.log_in(self._address, device_id)
            self._device_id = device_id

    def end(self) -> None:
        """Record the end of the connection."""
        if not self._has_ended:
            self._has_ended = True
            self._admissions.remove(self._address, self._device_id)


def _add(counter: Counter[Key], key: Key, change: int) -> None:
    """Change a count. A count of zero is not kept."""
    counter[key] += change
    if not counter[key]:
        del counter[key]
