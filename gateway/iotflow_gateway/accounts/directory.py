"""Whose id or name it is that stands in a topic."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from iotflow_gateway.topics import usernames


@dataclass(frozen=True, slots=True)
class Account:
    """verifier: what Mosquitto checks the device's key by; empty: there is none."""

    device_id: int
    name: str
    status: str
    verifier: str

    @property
    def usernames(self) -> tuple[str, ...]:
        """Under which the device may log in, and which may stand in its topics."""
        return usernames(self.device_id, self.name)


# Called with an account as it was and as it is; None: it was not, or is not any more.
Change = Callable[[Account | None, Account | None], None]


class Directory:
    """All accounts; what it says may be a moment old."""

    def __init__(self) -> None:
        self._by_id: dict[int, Account] = {}
        self._by_username: dict[str, int] = {}
        self._listeners: list[Change] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_id.values())

    def on_change(self, listener: Change) -> None:
        """Call listener after each change."""
        self._listeners.append(listener)

    def find(self, username: str) -> int | None:
        """The device's id by its id or name."""
        return self._by_username.get(username)

    def account(self, device_id: int) -> Account | None:
        return self._by_id.get(device_id)

    def put(self, account: Account) -> None:
        """New, or changed."""
        before = self._drop(account.device_id)
        self._by_id[account.device_id] = account
        for username in account.usernames:
            self._by_username[username] = account.device_id
        self._tell(before, account)

    def remove(self, device_id: int) -> None:
        """It is gone, if it was there."""
        before = self._drop(device_id)
        if before:
            self._tell(before, None)

    def keep_only(self, ids: Iterable[int]) -> None:
        """Everything else was removed while nobody watched."""
        for device_id in self._by_id.keys() - set(ids):
            self.remove(device_id)

    def _drop(self, device_id: int) -> Account | None:
        before = self._by_id.pop(device_id, None)
        for username in before.usernames if before else ():
            # The name may be another's by now.
            if self._by_username.get(username) == device_id:
                del self._by_username[username]
        return before

    def _tell(self, before: Account | None, after: Account | None) -> None:
        for listener in self._listeners:
            listener(before, after)
