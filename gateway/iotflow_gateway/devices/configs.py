"""Desired configurations as retained messages: a device receives its own as soon as it subscribes."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta

import grpc

from iotflow.errors import server_error
from iotflow.v1.config_pb2 import DesiredConfig
from iotflow.v1.gateway_service_pb2 import WatchDeviceConfigsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.broker import Broker, CannotConnect
from iotflow_gateway.devices.documents import config_document
from iotflow_gateway.retries import StreamFailures
from iotflow_gateway.topics import Topics

# A broker with a full queue, or whose loss is not noticed yet, rejects a message without a delay.
RETRY_SECONDS = 0.5
# Ids of removed devices that are remembered.
REMEMBERED = 1_000
# Period of changes that a killed broker may have lost: Mosquitto saves its retained messages every half hour by default.
UNSAVED = timedelta(hours=1)


class ConfigPublisher:
    """Retains each configuration on the topics of the device's id and of its current name. The next device with that name must not
    receive it."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        topics: Topics,
        broker: Broker,
        directory: Directory,
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._topics = topics
        self._broker = broker
        self._failures = StreamFailures("configurations", longest=1.0)
        # Time up to which all changes are published.
        self._caught_up: datetime | None = None
        # The name and the payload that are retained, by device.
        self._retained: dict[int, tuple[str, bytes]] = {}
        # The devices removed last. An id is never used again.
        self._removed: deque[int] = deque(maxlen=REMEMBERED)
        # Devices to check, in order, each with a name that is or was its own, or that another device may have had.
        self._unchecked: dict[tuple[int, str], None] = {}
        self._changed = asyncio.Event()
        # A configuration published under the old name must not follow the message that clears that topic.
        self._publishing = asyncio.Lock()
        self._directory = directory
        directory.on_change(self._account_changed)

    async def run(self) -> None:
        """Publish configurations until cancelled. Raises ServerError if the server rejects this adapter."""
        while True:
            await self._broker.connected()
            if not self._broker.session_present:
                self._caught_up = None
            try:
                await self._watch_while_connected()
            except CannotConnect:
                await asyncio.sleep(RETRY_SECONDS)
            except grpc.aio.AioRpcError as failure:
                await asyncio.sleep(self._failures.delay(server_error(failure)))

    async def follow_names(self) -> None:
        """Move retained configurations to the new names of devices until cancelled."""
        while True:
            await self._changed.wait()
            await self._broker.connected()
            self._changed.clear()
            try:
                while self._unchecked:
                    unchecked = next(iter(self._unchecked))
                    # Removed first: the device may change again during the check.
                    del self._unchecked[unchecked]
                    async with self._publishing:
                        await self._check(*unchecked)
            except CannotConnect:
                self._add_unchecked(*unchecked)
                await asyncio.sleep(RETRY_SECONDS)

    def _account_changed(self, before: DeviceAccount | None, after: DeviceAccount | None) -> None:
        account = before or after
        if before and after is None:
            self._removed.append(before.device_id)
        is_renamed = before and after and before.name != after.name
        if account and (is_renamed or after is None or (before is None and self._caught_up)):
            self._add_unchecked(account.device_id, account.name)

    def _add_unchecked(self, device_id: int, name: str) -> None:
        self._unchecked[device_id, name] = None
        self._changed.set()

    async def _check(self, device_id: int, name: str) -> None:
        """Clear the topics of a name that is no longer the device's, and publish the configuration under the current name."""
        account = self._directory.account(device_id)
        retained = self._retained.get(device_id)
        if account and retained and account.name == name:
            return
        by_id, *by_name = self._topics.configs(device_id, name)
        # The topic of the id stays as long as the device exists.
        for topic in by_name if account else [by_id, *by_name, *self._topics.statuses(device_id, name)]:
            await self._broker.deliver(topic, b"", retain=True, device_id=device_id)
        if account and retained:
            await self._retain(device_id, account.name, retained[1])
        elif retained:
            del self._retained[device_id]

    async def _watch_while_connected(self) -> None:
        watching = asyncio.create_task(self._watch())
        lost = asyncio.create_task(self._broker.lost())
        try:
            await asyncio.wait({watching, lost}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            watching.cancel()
            lost.cancel()
            await asyncio.gather(watching, lost, return_exceptions=True)

    async def _watch(self) -> None:
        since = (self._caught_up - UNSAVED).isoformat() if self._caught_up else ""
        request = WatchDeviceConfigsRequest(since=since)
        async for answer in self._stub.WatchDeviceConfigs(request, metadata=self._metadata):
            self._failures.reset()
            if answer.HasField("config"):
                await self._publish(answer.config)
            elif answer.HasField("caught_up"):
                if not self._caught_up:
                    self._check_devices_without_config()
                self._caught_up = answer.caught_up.timestamp.ToDatetime(UTC)

    def _check_devices_without_config(self) -> None:
        """While no adapter ran, the name of a configured device may have become that of a device without a configuration."""
        for account in self._directory:
            if account.device_id not in self._retained:
                self._add_unchecked(account.device_id, account.name)

    async def _publish(self, config: DesiredConfig) -> None:
        payload = config_document(config)
        async with self._publishing:
            # The server may have read the configuration before the device was removed or renamed.
            if config.device_id in self._removed:
                return
            account = self._directory.account(config.device_id)
            await self._retain(config.device_id, account.name if account else config.device_name, payload)

    async def _retain(self, device_id: int, name: str, payload: bytes) -> None:
        self._retained[device_id] = name, payload
        for topic in self._topics.configs(device_id, name):
            await self._broker.deliver(topic, payload, retain=True, device_id=device_id)
