"""ImportDevices: registers the devices of each message in one transaction, and answers with their keys."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from iotflow.v1 import fleet_pb2
from iotflow.v1 import fleet_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.imports.batch import Outcome, Rejected
from iotflow_server.devices.imports.imports import DeviceImport, DeviceImports
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.serialization import Encoded, MalformedRequest
from iotflow_server.interceptors.validation import check, malformed
from iotflow_server.rpc.codec.new_devices import checked_device
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams

Request = wire.ImportDevicesRequest
Response = wire.ImportDevicesResponse


@dataclass(frozen=True, slots=True)
class DecodedRequest:
    """The valid devices of a message with their indexes, and the others."""

    devices: Sequence[tuple[int, NewDevice]]
    rejected: Sequence[Rejected]


class DeviceImportHandler:
    """Handles ImportDevices."""

    def __init__(self, *, imports: DeviceImports, active_streams: ActiveStreams) -> None:
        self._imports = imports
        self._active_streams = active_streams

    async def stream(self, requests: AsyncIterator[Request], principal: Principal) -> AsyncGenerator[Response]:
        """ImportDevices."""
        async with self._active_streams.open(principal) as active_stream:
            device_import, last = self._imports.open(principal.name), 0
            async with aclosing(_until_ended(requests, active_stream)) as messages:
                async for request in messages:
                    last = _checked_sequence(request, last)
                    yield await _registered(device_import, request)


async def _registered(device_import: DeviceImport, request: Request) -> Response:
    decoded = await run_in_compute_thread(_decode, request)
    outcome = await device_import.register(request.import_id.lower(), decoded.devices)
    return await run_in_compute_thread(_encode, request.sequence, outcome, decoded.rejected)


async def _until_ended(requests: AsyncIterator[Request], active_stream: ActiveStream) -> AsyncGenerator[Request]:
    """The messages. Raises the error that ends the stream."""
    while True:
        message = asyncio.create_task(_next(requests), name="import reader")
        try:
            either: set[asyncio.Future[Any]] = {message, active_stream.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if active_stream.end_error:
                raise active_stream.end_error
            request = await message
        finally:
            message.cancel()
        if request is None:
            return
        yield request


async def _next(requests: AsyncIterator[Request]) -> Request | None:
    return await anext(requests, None)


def _checked_sequence(request: Request | MalformedRequest, last: int) -> int:
    """The sequence. Raises InvalidArgument if the message violates the rules; its devices are not examined."""
    if isinstance(request, MalformedRequest):
        raise malformed()
    check(request)
    if request.sequence <= last:
        problem = f"The sequence {request.sequence} is not greater than the preceding one, {last}."
        raise InvalidArgument("sequence", problem)
    return request.sequence


def _decode(request: Request) -> DecodedRequest:
    """Decode and check the devices, each for itself."""
    devices, rejected = [], []
    for index, device in enumerate(request.devices):
        try:
            devices.append((index, checked_device(device)))
        except InvalidArgument as error:
            rejected.append(Rejected(index, error.reason, error.message))
    return DecodedRequest(devices, rejected)


def _encode(sequence: int, outcome: Outcome, invalid: Sequence[Rejected]) -> Response:
    """The answer, already serialized."""
    response = Response(
        sequence=sequence,
        imported=[
            fleet_pb2.ImportedDevice(index=one.index, device_id=one.device_id, api_key=one.key)
            for one in outcome.imported
        ],
        rejected=[
            fleet_pb2.ImportRejection(
                index=one.index, reason=one.reason, message=one.message, device_id=one.device_id, retryable=False
            )
            for one in sorted((*outcome.rejected, *invalid), key=lambda one: one.index)
        ],
    )
    return cast(Response, Encoded(response.SerializeToString()))
