"""Desired configurations, kept as retained messages: a device that comes hears its own at once."""

import asyncio

import grpc
import orjson
from google.protobuf.json_format import MessageToDict

from iotflow.backoff import Backoff
from iotflow.errors import server_error
from iotflow.v1.gateway_service_pb2 import DesiredConfig, WatchDeviceConfigsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow_gateway.broker import BrokerSession, CannotConnect
from iotflow_gateway.topics import Topics


class Configs:
    """Under the device's id, and under its name."""

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], topics: Topics, session: BrokerSession
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._topics = topics
        self._session = session
        self._backoff = Backoff(longest=5.0)
        # From where on changes are wanted; empty: the broker may have lost all of them.
        self._since = ""

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        while True:
            await self._session.connected()
            try:
                await self._watch()
            except CannotConnect:
                self._since = ""
            except grpc.aio.AioRpcError as failed:
                error = server_error(failed)
                if not error.retryable:
                    raise error from None
                await asyncio.sleep(self._backoff.delay(error.retry_after))

    async def _watch(self) -> None:
        request = WatchDeviceConfigsRequest(since=self._since)
        async for answer in self._stub.WatchDeviceConfigs(request, metadata=self._metadata):
            self._backoff.reset()
            if answer.HasField("config"):
                await self._publish(answer.config)
            elif answer.HasField("caught_up"):
                self._since = answer.caught_up.timestamp.ToJsonString()

    async def _publish(self, config: DesiredConfig) -> None:
        payload = orjson.dumps({"version": config.desired_version, "desired": MessageToDict(config.desired)})
        for topic in self._topics.configs(config.device_id, config.device_name):
            await self._session.deliver(topic, payload, retain=True)
