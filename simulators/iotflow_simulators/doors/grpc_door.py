"""The door of gRPC: a stream for each device."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody

from iotflow.channels import credentials
from iotflow.errors import ServerError, server_error
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_simulators.doors.batch_stream import BatchStream
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.grpc_listening import GrpcListening
from iotflow_simulators.doors.key_calls import GrpcKeyCalls
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing, Problem
from iotflow_simulators.tasks import OwnedTasks

# Devices of one connection. A server accepts a hundred streams of one, at least, and a device has up to three.
STREAMS = 30
CALL_SECONDS = 30.0


class GrpcDoor(DoorWay):
    """A gRPC server. Every few devices share a connection; a device that loses its connection loses its stream.

    listens: whether devices take commands and configurations, which needs two more streams for each.
    """

    def __init__(self, address: DoorAddress, *, listens: bool = True) -> None:
        super().__init__()
        self.key_calls = GrpcKeyCalls(address)
        self._address = address
        self._listens = listens
        self._channels: list[grpc.aio.Channel] = []
        self._links = 0

    def link(self, login: Login, listener: Listener) -> Link:
        """The channel is the next one in turn."""
        return GrpcLink(self.channel(login.id), login, listener, self.tasks, listens=self._listens)

    def channel(self, number: int) -> grpc.aio.Channel:
        """A channel for the device with this id."""
        wanted = number // STREAMS % 128
        while len(self._channels) <= wanted:
            self._channels.append(self._address.channel())
        return self._channels[wanted]

    async def close(self) -> None:
        """Close the connections."""
        await super().close()
        await asyncio.gather(*(channel.close() for channel in self._channels))


class GrpcLink(Link):
    """The stream of a device. tasks: of the door."""

    window = 1_000

    def __init__(
        self,
        channel: grpc.aio.Channel,
        login: Login,
        listener: Listener,
        tasks: OwnedTasks,
        *,
        listens: bool = False,
    ) -> None:
        super().__init__(login, listener)
        self._channel = channel
        self._metadata = credentials(login.key)
        self._tasks = tasks
        self._stream: BatchStream | None = None
        self._malformed = MalformedCalls(channel, self._metadata, listener, tasks)
        self._listening = GrpcListening(channel, self._metadata, listener, tasks) if listens else None

    def open(self) -> None:
        """Open the stream."""
        self._stream = BatchStream(self._channel, self._metadata, self, self._tasks)

    def send(self, readings: Sequence[Outgoing]) -> None:
        """Readings that come together go into one batch."""
        for outgoing in readings:
            if outgoing.payload is not None:
                self._malformed.send(outgoing)
            elif self._stream:
                self._stream.add(0, self.listener, outgoing)

    def close(self, *, clean: bool) -> None:  # noqa: ARG002
        """Cancel the streams."""
        self._end()
        if self._stream:
            self._stream.close()

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """On the stream of commands."""
        if self._listening:
            self._listening.answer(number, executed=executed, result=result, message=message)

    def report(self, configuration: Mapping[str, Any]) -> None:
        """By a call."""
        if self._listening:
            self._listening.report(configuration)

    def stream_opened(self) -> None:
        """The link is open."""
        if self._listening:
            self._listening.open()
        self.listener.opened()

    def stream_lost(self, problem: Problem) -> None:
        """The link is lost."""
        self._end()
        self.listener.lost(problem)

    def _end(self) -> None:
        self._malformed.close()
        if self._listening:
            self._listening.close()


class MalformedCalls:
    """Malformed payloads. A stream carries messages of protobuf only, so they go through the call that takes bytes of JSON.

    tasks: of the door.
    """

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], listener: Listener, tasks: OwnedTasks
    ) -> None:
        self._channel = channel
        self._metadata = metadata
        self._listener = listener
        self._tasks = OwnedTasks(tasks)

    def send(self, outgoing: Outgoing) -> None:
        """Send one payload."""
        self._tasks.start(self._call(outgoing), "malformed payload")

    def close(self) -> None:
        """Cancel the calls."""
        self._tasks.cancel()

    async def _call(self, outgoing: Outgoing) -> None:
        body = HttpBody(content_type="application/json", data=outgoing.payload or b"")
        try:
            await self._submitted(body)
        except ServerError as error:
            # A failure is no refusal: the payload is sent again over the next connection.
            if not error.retryable:
                self._listener.refused(outgoing, error.reason or error.code.name, "", error.message)
            return
        self._listener.acknowledged(outgoing)

    async def _submitted(self, body: HttpBody) -> None:
        stub = TelemetryServiceStub(self._channel)
        try:
            await stub.SubmitTelemetryJson(body, metadata=self._metadata, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None
