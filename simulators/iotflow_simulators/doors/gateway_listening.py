"""Desired configurations of the devices behind a gateway."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import grpc

from iotflow.channels import Backoff
from iotflow.errors import server_error
from iotflow.v1.device_service_pb2 import UpdateDeviceConfigRequest
from iotflow.v1.gateway_service_pb2 import ReportDeviceConfigRequest, WatchDeviceConfigsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow_simulators.doors.link import Link
from iotflow_simulators.doors.structs import plain
from iotflow_simulators.tasks import OwnedTasks

CALL_SECONDS = 30.0


class GatewayListening:
    """One stream with the configurations of all devices of the service, of which the gateway keeps those of its own.

    device_ids: its own. tasks: of the door. Where the stream ends, the next one begins after a pause.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        device_ids: Collection[int],
        tasks: OwnedTasks,
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._device_ids = frozenset(device_ids)
        self._links: dict[int, Link] = {}
        # By device: the newest version with its configuration, and the version in whose place the device reported its own.
        self._desired: dict[int, tuple[int, dict[str, Any]]] = {}
        self._reported: dict[int, int] = {}
        self._tasks = tasks
        if device_ids:
            tasks.start(self._watch(), "gateway's configurations")

    def join(self, link: Link) -> None:
        """A device is there: it gets the configuration that it has not followed yet."""
        self._links[link.login.id] = link
        self._offer(link.login.id)

    def leave(self, link: Link) -> None:
        """A device is gone."""
        if self._links.get(link.login.id) is link:
            del self._links[link.login.id]

    def report(self, device_id: int, configuration: Mapping[str, Any]) -> None:
        """Report the configuration that is in force."""
        self._tasks.start(self._report(device_id, configuration), "report of a configuration")

    async def _watch(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async for event in self._stub.WatchDeviceConfigs(WatchDeviceConfigsRequest(), metadata=self._metadata):
                    backoff.reset()
                    if event.HasField("config") and event.config.device_id in self._device_ids:
                        config = event.config
                        self._desired[config.device_id] = config.desired_version, plain(config.desired)
                        self._offer(config.device_id)
                after = None
            except grpc.aio.AioRpcError as error:
                after = server_error(error).retry_after
            await asyncio.sleep(backoff.delay(after))

    def _offer(self, device_id: int) -> None:
        version, desired = self._desired.get(device_id, (0, {}))
        if device_id in self._links and version != self._reported.get(device_id, 0):
            self._links[device_id].listener.configured(desired)

    async def _report(self, device_id: int, configuration: Mapping[str, Any]) -> None:
        request = ReportDeviceConfigRequest(device_id=device_id, config=UpdateDeviceConfigRequest())
        request.config.configuration.update(dict(configuration))
        version, _ = self._desired[device_id]
        try:
            await self._stub.ReportDeviceConfig(request, metadata=self._metadata, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError:
            # The device follows and reports it again when it joins, or with the next version.
            return
        self._reported[device_id] = version
