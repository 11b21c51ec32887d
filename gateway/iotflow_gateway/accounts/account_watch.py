"""Keeps the directory in step with the server, and tells when it has changed."""

import asyncio
from collections.abc import Callable

import grpc
import structlog

from iotflow.errors import server_error
from iotflow.v1.mqtt_service_pb2 import MqttAccount, WatchAccountsRequest, WatchAccountsResponse
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.failures import StreamFailures

log = structlog.get_logger(__name__)


class AccountWatch:
    """changed: called after each change of the directory, once it is complete."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        directory: Directory,
        changed: Callable[[], None],
    ) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._directory = directory
        self._changed = changed
        self._failures = StreamFailures("accounts", longest=1.0)
        # The ids that came since the first of all; None: all have come.
        self._coming: set[int] | None = None
        self._complete = asyncio.Event()

    async def complete(self) -> None:
        """Wait until all accounts are known."""
        await self._complete.wait()

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        while True:
            try:
                self._coming = set()
                async for answer in self._stub.WatchAccounts(WatchAccountsRequest(), metadata=self._metadata):
                    self._failures.reset()
                    self._apply(answer)
            except grpc.aio.AioRpcError as failed:
                await asyncio.sleep(self._failures.delay(server_error(failed)))

    def _apply(self, answer: WatchAccountsResponse) -> None:
        if answer.again:
            self._coming = set()
        for account in answer.accounts:
            self._directory.put(_account(account))
        for device_id in answer.removed:
            self._directory.remove(device_id)
        if self._coming is not None:
            self._coming.update(account.device_id for account in answer.accounts)
            if not answer.complete:
                return
            self._directory.keep_only(self._coming)
            self._coming = None
            self._complete.set()
            log.info("accounts known", devices=len(self._directory))
        self._changed()


def _account(account: MqttAccount) -> Account:
    return Account(account.device_id, account.name, account.status, account.verifier)
