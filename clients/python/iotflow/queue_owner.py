"""Keeps the batches of a folder from being sent with the key of another device, which would store them as its own."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from google.protobuf import struct_pb2
from grpc import StatusCode

from iotflow.connection import Connection, Metadata
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

# Time for the answer: without one, nothing is sent.
_ANSWER_SECONDS = 10.0


class QueueOwner:
    """The device whose batches a folder has.

    device_id: that of the batches that were found in the folder; None: there are none, or nothing is known of them.
    claim: stores the device in the folder.
    """

    def __init__(
        self, connection: Connection, folder: Path, device_id: int | None, claim: Callable[[int], Awaitable[None]]
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._device_id = device_id
        self._claim = claim
        self._metadata: Metadata = ()
        # With this metadata batches may be sent.
        self._confirmed: Metadata | None = None

    def begin(self, metadata: Metadata, *, is_empty: bool) -> None:
        """A stream with this metadata begins. is_empty: the folder has no batches, so that the next ones are of this key."""
        self._metadata = metadata
        if is_empty and metadata != self._confirmed:
            self._device_id = self._confirmed = None

    async def confirm(self, *, names_device: bool) -> None:
        """Return where a batch may be sent over the stream. names_device: whether it does. Raises ServerError where it may not, or
        where the server does not tell whose key it is.

        Tokens are of no device, and a batch that names its device is stored as that device's, or rejected.
        """
        if names_device or self._metadata == self._confirmed or not _is_of_a_device(self._metadata):
            return
        device_id = await self._asked()
        if self._device_id not in (None, device_id):
            raise ServerError(
                StatusCode.FAILED_PRECONDITION,
                f"The queue in {self._folder} has batches of device {self._device_id}, and the key is that of device "
                f"{device_id}. Use the key of device {self._device_id}, or another folder.",
                reason="QUEUE_OF_ANOTHER_DEVICE",
            )
        await self._claim(device_id)
        self._device_id, self._confirmed = device_id, self._metadata

    async def _asked(self) -> int:
        """The device of the stream's key. Each connection asks once about a key."""
        metadata = self._metadata
        if self._connection.key_owner is None or self._connection.key_owner[0] != metadata:
            request = SendHeartbeatRequest(status=struct_pb2.Value(string_value="online"))
            async with self._connection.call() as channel:
                heartbeat = DeviceServiceStub(channel).SendHeartbeat
                answer = await heartbeat(request, metadata=metadata, timeout=_ANSWER_SECONDS)
            self._connection.key_owner = (metadata, answer.device_id)
        return self._connection.key_owner[1]


def _is_of_a_device(metadata: Metadata) -> bool:
    # A certificate needs no metadata.
    return not metadata or any(name == "x-api-key" for name, _ in metadata)
