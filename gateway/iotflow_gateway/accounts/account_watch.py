"""Keeps the directory up to date with the server."""

import asyncio
from collections.abc import Callable

import grpc
import structlog

from iotflow.errors import server_error
from iotflow.v1.mqtt_pb2 import MqttAccount
from iotflow.v1.mqtt_service_pb2 import WatchAccountsRequest, WatchAccountsResponse
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.retries import StreamFailures

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
        if answer.again:
            self._listed = set()
        for account in answer.accounts:
            self._directory.put(_account(account))
        for device_id in answer.removed:
            self._directory.remove(device_id)
        if self._listed is not None:
            self._listed.update(account.device_id for account in answer.accounts)
            if not answer.complete:
                return
            self._directory.keep_only(self._listed)
            self._listed = None
            self._complete.set()
            log.info("accounts_loaded", devices=len(self._directory))
        self._on_change()


def _account(account: MqttAccount) -> Account:
    return Account(account.device_id, account.name, account.status, account.verifier)
