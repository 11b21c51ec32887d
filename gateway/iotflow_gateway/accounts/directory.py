"""The directory of devices by the ids and names that stand in topics, kept up to date with the server."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import grpc
import structlog

from iotflow.errors import server_error
from iotflow.v1.mqtt_pb2 import MqttAccount, MqttAccountChanges
from iotflow.v1.mqtt_service_pb2 import WatchAccountsRequest, WatchAccountsResponse
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.retries import StreamFailures
from iotflow_gateway.topics import usernames


@dataclass(frozen=True, slots=True)
class DeviceAccount:
    """verifier: the hash by which Mosquitto checks the device's key, or empty."""

    device_id: int
    name: str
    status: str
    verifier: str

    @property
    def usernames(self) -> tuple[str, ...]:
        """The names by which the device may log in, and which may stand in its topics."""
        return usernames(self.device_id, self.name)


# Called with an account before and after a change; None: it does not exist.
Listener = Callable[[DeviceAccount | None, DeviceAccount | None], None]


class Directory:
    """All accounts of the server, with a delay of moments."""

    def __init__(self) -> None:
        self._by_id: dict[int, DeviceAccount] = {}
        self._by_username: dict[str, int] = {}
        self._listeners: list[Listener] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[DeviceAccount]:
        return iter(self._by_id.values())

    def on_change(self, listener: Listener) -> None:
        """Call the listener after each change."""
        self._listeners.append(listener)

    def find(self, username: str) -> int | None:
        """The id of the device with this id or name."""
        return self._by_username.get(username)

    def account(self, device_id: int) -> DeviceAccount | None:
        """The account of a device."""
        return self._by_id.get(device_id)

    def put(self, account: DeviceAccount) -> None:
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

    def _drop(self, device_id: int) -> DeviceAccount | None:
        before = self._by_id.pop(device_id, None)
        for username in before.usernames if before else ():
            # Another device may have the name by now.
            if self._by_username.get(username) == device_id:
                del self._by_username[username]
        return before

    def _notify(self, before: DeviceAccount | None, after: DeviceAccount | None) -> None:
        for listener in self._listeners:
            listener(before, after)


log = structlog.get_logger(__name__)


class AccountWatch:
    """on_change: called after each change of the directory, once the directory is complete."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        directory: Directory,
        on_change: Callable[[], None],
    ) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._directory = directory
        self._on_change = on_change
        self._failures = StreamFailures("accounts", longest=1.0)
        # The ids received of the first, full list; None: the list is complete.
        self._listed: set[int] | None = None
        self._complete = asyncio.Event()

    async def complete(self) -> None:
        """Wait until the directory has all accounts."""
        await self._complete.wait()

    async def run(self) -> None:
        """Run until cancelled. Raises ServerError if the server rejects this adapter."""
        while True:
            try:
                self._listed = set()
                async for answer in self._stub.WatchAccounts(WatchAccountsRequest(), metadata=self._metadata):
                    self._failures.reset()
                    self._apply(answer)
            except grpc.aio.AioRpcError as failure:
                await asyncio.sleep(self._failures.delay(server_error(failure)))

    def _apply(self, answer: WatchAccountsResponse) -> None:
        match answer.WhichOneof("event"):
            case "changes":
                self._apply_changes(answer.changes)
            case "caught_up" if self._listed is not None:
                self._directory.keep_only(self._listed)
                self._listed = None
                self._complete.set()
                log.info("accounts_loaded", devices=len(self._directory))
            case "missed":
                self._listed = set()
        if self._listed is None:
            self._on_change()

    def _apply_changes(self, changes: MqttAccountChanges) -> None:
        for account in changes.accounts:
            self._directory.put(_account(account))
        for device_id in changes.removed_device_ids:
            self._directory.remove(device_id)
        if self._listed is not None:
            self._listed.update(account.device_id for account in changes.accounts)


def _account(account: MqttAccount) -> DeviceAccount:
    return DeviceAccount(account.device_id, account.name, account.status, account.verifier)
