"""Streams of ImportDevices."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.fleet_service_pb2 import ImportDevicesRequest, ImportDevicesResponse
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub

Metadata = tuple[tuple[str, str], ...]
PATIENCE = 60.0


class ImportStream:
    """An open stream with sequences that rise by 1."""

    def __init__(self, stub: FleetServiceStub, metadata: Metadata, import_id: str) -> None:
        self._requests: SimpleQueue[ImportDevicesRequest | None] = SimpleQueue()
        self._import_id = import_id
        self._sequence = 0
        self.call: Any = stub.ImportDevices(iter(self._requests.get, None), metadata=metadata, timeout=PATIENCE)

    def put(self, devices: Sequence[RegisterDeviceRequest], sequence: int | None = None) -> None:
        """Send a message. sequence: None: the next one."""
        self._sequence += 1
        self._requests.put(
            ImportDevicesRequest(
                import_id=self._import_id, sequence=self._sequence if sequence is None else sequence, devices=devices
            )
        )

    def put_names(self, names: Sequence[str]) -> None:
        """Send a message with devices of these names."""
        self.put([RegisterDeviceRequest(name=name) for name in names])

    def next(self) -> ImportDevicesResponse:
        """The next answer."""
        answer: ImportDevicesResponse = next(self.call)
        return answer

    def end(self) -> list[ImportDevicesResponse]:
        """Close the sending direction; the remaining answers."""
        self._requests.put(None)
        return list(self.call)

    def cancel(self) -> None:
        """End the stream at once."""
        self._requests.put(None)
        self.call.cancel()


@contextmanager
def importing(stub: FleetServiceStub, metadata: Metadata, import_id: str) -> Iterator[ImportStream]:
    """An open stream, cancelled at the end."""
    stream = ImportStream(stub, metadata, import_id)
    try:
        yield stream
    finally:
        stream.cancel()
