"""The devices by the ids and names that stand in topics."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from iotflow_gateway.topics import usernames


@dataclass(frozen=True, slots=True)
class Account:
    """verifier: the hash by which Mosquitto checks the device's key, or empty."""

    device_id: int
    name: str
    status: str
    verifier: str

    @property
    def usernames(self) -> tuple[str, ...]:
        """The names by which the device may log in, and which may stand in its topics."""
        return usernames(self.device_id, self.name)


# Called with an account before and after a change; None: it did not exist, or does not any more.
Listener = Callable[[Account | None, Account | None], None]


class Directory:
    """All accounts of the server, with a delay of moments."""

    def __init__(self) -> None:
        self._by_id: dict[int, Account] = {}
        self._by_username: dict[str, int] = {}
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_id.values())

    def on_change(self, listener: Listener) -> None:
        """Call the listener after each change."""
        self._listeners.append(listener)

    def find(self, username: str) -> int | None:
        """The id of the device with this id or name."""
        return self._by_username.get(username)

    def account(self, device_id: int) -> Account | None:
        """The account of a device."""
        return self._by_id.get(device_id)

    def put(self, account: Account) -> None:
        """Add or replace an account."""
        before = self._drop(account.device_id)
        self._by_id[account.device_id] = account
        for username in account.usernames:
            self._by_username[username] = account.device_id
        self._notify(before, account)

    def remove(self, device_id: int) -> None:
        """Remove an account, if it exists."""
        before = self._drop(device_id)
        if before:
            self._notify(before, None)

    def keep_only(self, ids: Iterable[int]) -> None:
        """Remove all other accounts: their devices were removed while the adapter had no connection to the server."""
        for device_id in self._by_id.keys() - set(ids):
            self.remove(device_id)

    def _drop(self, device_id: int) -> Account | None:
        before = self._by_id.pop(device_id, None)
        for username in before.usernames if before else ():
            # Another device may have the name by now.
            if self._by_username.get(username) == device_id:
                del self._by_username[username]
        return before

    def _notify(self, before: Account | None, after: Account | None) -> None:
        for listener in self._listeners:
            listener(before, after)
