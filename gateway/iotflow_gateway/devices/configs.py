"""Desired configurations, kept as retained messages: a device that comes hears its own at once."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta

import grpc

from iotflow.errors import server_error
from iotflow.v1.gateway_service_pb2 import DesiredConfig, WatchDeviceConfigsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.broker import Broker, CannotConnect
from iotflow_gateway.devices.documents import config_document
from iotflow_gateway.failures import StreamFailures
from iotflow_gateway.topics import Topics

# A broker whose end is not noticed yet, or for whom too much waits already, refuses without waiting.
RETRY_SECONDS = 0.5
REMEMBERED = 1_000
# What a broker that was killed may not have written down: Mosquitto saves every half hour unless told otherwise.
UNSAVED = timedelta(hours=1)


class Configs:
    """Under the device's id, and under its name as long as it has it: the next device of that name must not find it."""

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
        # When all changes until then had come.
        self._caught_up: datetime | None = None
        # What is retained: by device, its name and the payload.
        self._retained: dict[int, tuple[str, bytes]] = {}
        # Those that were removed last: an id is never another's.
        self._removed: deque[int] = deque(maxlen=REMEMBERED)
        # Devices that were made, renamed or removed, or whose name may have been another's, each with that name, in order.
        self._changed: dict[tuple[int, str], None] = {}
        self._news = asyncio.Event()
        # A version on its way to the old name must not come after what takes it away there.
        self._publishing = asyncio.Lock()
        self._directory = directory
        directory.on_change(self._account_changed)

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        while True:
            await self._broker.connected()
            if not self._broker.remembers:
                self._caught_up = None
            try:
                await self._watch_while_connected()
            except CannotConnect:
                await asyncio.sleep(RETRY_SECONDS)
            except grpc.aio.AioRpcError as failed:
                await asyncio.sleep(self._failures.delay(server_error(failed)))

    async def keep_names(self) -> None:
        """Until cancelled: what is retained follows the names that devices have."""
        while True:
            await self._news.wait()
            await self._broker.connected()
            self._news.clear()
            try:
                while self._changed:
                    changed = next(iter(self._changed))
                    # Before it is followed: it may change again meanwhile.
                    del self._changed[changed]
                    async with self._publishing:
                        await self._follow(*changed)
            except CannotConnect:
                self._note(*changed)
                await asyncio.sleep(RETRY_SECONDS)

    def _account_changed(self, before: Account | None, after: Account | None) -> None:
        one = before or after
        if before and after is None:
            self._removed.append(before.device_id)
        renamed = before and after and before.name != after.name
        if one and (renamed or after is None or (before is None and self._caught_up)):
            self._note(one.device_id, one.name)

    def _note(self, device_id: int, name: str) -> None:
        self._changed[device_id, name] = None
        self._news.set()

    async def _follow(self, device_id: int, name: str) -> None:
        """Take away what is retained under the name that it had, or that another had before it; put it under its name of now."""
        account = self._directory.account(device_id)
        retained = self._retained.get(device_id)
        if account and retained and account.name == name:
            return
        by_id, *by_name = self._topics.configs(device_id, name)
        # An id is never another's.
        for topic in by_name if account else [by_id, *by_name, *self._topics.statuses(device_id, name)]:
            await self._broker.deliver(topic, b"", retain=True)
        if account and retained:
            await self._put(device_id, account.name, retained[1])
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
                    self._look_for_left_behind()
                self._caught_up = answer.caught_up.timestamp.ToDatetime(UTC)

    def _look_for_left_behind(self) -> None:
        """While no adapter ran, a name may have become another device's, for which nothing is desired."""
        for account in self._directory:
            if account.device_id not in self._retained:
                self._note(account.device_id, account.name)

    async def _publish(self, config: DesiredConfig) -> None:
        payload = config_document(config)
        async with self._publishing:
            # The server may have looked before a change that is known here.
            if config.device_id in self._removed:
                return
            account = self._directory.account(config.device_id)
            await self._put(config.device_id, account.name if account else config.device_name, payload)

    async def _put(self, device_id: int, name: str, payload: bytes) -> None:
        self._retained[device_id] = name, payload
        for topic in self._topics.configs(device_id, name):
            await self._broker.deliver(topic, payload, retain=True, device_id=device_id)
