"""The import: streams the devices of a file to the server, and writes each answer to disk before the next one counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from iotflow.channels import Backoff
from iotflow.errors import ServerError, server_error
from iotflow.v1.fleet_service_pb2 import ImportDevicesRequest, ImportDevicesResponse
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow_cli.device_import.device_file import DeviceFile, DeviceRow
from iotflow_cli.device_import.key_file import KeyFile
from iotflow_cli.device_import.problems import ImportProblem

if TYPE_CHECKING:
    # Exists for the type checker only.
    from iotflow.v1.fleet_service_pb2_grpc import FleetServiceAsyncStub

# Devices and bytes of a message, and messages without an answer. The server takes 1,000 devices.
MOST_DEVICES, MOST_BYTES, WINDOW = 1_000, 2**20, 4
# Failures in a row after which the import ends; the same command continues it.
MOST_FAILURES = 8

# Called after each answer with the number of devices of the file that have an outcome, and the number of all.
TakeProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A device that the server did not register. device_id: the device that has its name; 0: there is none."""

    line: int
    name: str
    reason: str
    message: str
    device_id: int


@dataclass(slots=True)
class ImportResult:
    """registered: devices whose keys this run wrote. skipped: devices whose keys the file had before."""

    import_id: str
    registered: int = 0
    skipped: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)

    @property
    def done(self) -> int:
        """The number of devices with an outcome."""
        return self.registered + self.skipped + len(self.rejected)


class ImportFailed(Exception):
    """The import ended before its last device. error: the server's, or the connection's. result: what is done; the same command
    continues."""

    def __init__(self, error: ServerError, result: ImportResult) -> None:
        super().__init__(error.message)
        self.error = error
        self.result = result


async def import_devices(
    devices: Path,
    keys: Path,
    channel: grpc.aio.Channel,
    metadata: tuple[tuple[str, str], ...],
    on_progress: TakeProgress = lambda *_: None,
) -> ImportResult:
    """Register the devices of a CSV file, and write their keys to another file.

    metadata: of an admin. Raises ImportProblem if a file cannot be used, before anything is sent, and ImportFailed.
    """
    file = await asyncio.to_thread(DeviceFile, devices)
    with await asyncio.to_thread(KeyFile, keys) as key_file:
        return await _Import(file, key_file, FleetServiceStub(channel), metadata, on_progress).run()


class _Import:
    def __init__(
        self,
        file: DeviceFile,
        keys: KeyFile,
        stub: FleetServiceAsyncStub,
        metadata: tuple[tuple[str, str], ...],
        on_progress: TakeProgress,
    ) -> None:
        self._file = file
        self._keys = keys
        self._stub = stub
        self._metadata = metadata
        self._on_progress = on_progress
        self._result = ImportResult(keys.import_id)
        # Lines of rejected devices, which are not sent again.
        self._rejected: set[int] = set()
        self._backoff = Backoff(longest=10.0)
        self._failures = 0
        self._problem: ImportProblem | None = None

    async def run(self) -> ImportResult:
        self._result.skipped = sum(name in self._keys for name in self._file.names)
        self._on_progress(self._result.done, len(self._file))
        while self._result.done < len(self._file):
            try:
                await self._stream()
            except grpc.aio.AioRpcError as error:
                await self._wait(server_error(error))
        return self._result

    async def _wait(self, error: ServerError) -> None:
        """Wait before another stream. Raises ImportFailed if there is no point in one."""
        self._failures += 1
        if not error.retryable or self._failures == MOST_FAILURES:
            raise ImportFailed(error, self._result)
        await asyncio.sleep(self._backoff.delay(error.retry_after))

    async def _stream(self) -> None:
        """Send what has no outcome yet, until the end or until the stream breaks."""
        sent: dict[int, Sequence[DeviceRow]] = {}
        has_sent = False
        room = asyncio.Semaphore(WINDOW)

        async def requests() -> AsyncIterator[ImportDevicesRequest]:
            nonlocal has_sent
            try:
                for sequence, rows in enumerate(_batches(self._remaining()), 1):
                    await room.acquire()
                    sent[sequence], has_sent = rows, True
                    yield _request(self._keys.import_id, sequence, rows)
            except ImportProblem as problem:
                # Raised when the answers to the messages before have come.
                self._problem = problem

        call = self._stub.ImportDevices(requests(), metadata=self._metadata)
        try:
            async for answer in call:
                await self._record(sent.pop(answer.sequence), answer)
                room.release()
        finally:
            call.cancel()
        if self._problem:
            raise self._problem
        if not has_sent:
            raise ImportProblem([f"{self._file.path}: the file has changed during the import; start it again"])
        if sent:
            await self._wait(_broken("The server ended the stream."))

    def _remaining(self) -> Iterator[DeviceRow]:
        for row in self._file.rows():
            if row.line not in self._rejected and row.device.name not in self._keys:
                yield row

    async def _record(self, rows: Sequence[DeviceRow], answer: ImportDevicesResponse) -> None:
        keys = [(rows[one.index].device.name, one.device_id, one.api_key) for one in answer.imported]
        await asyncio.to_thread(self._keys.add, keys)
        self._result.registered += len(keys)
        for one in answer.rejected:
            row = rows[one.index]
            self._rejected.add(row.line)
            self._result.rejected.append(RejectedRow(row.line, row.device.name, one.reason, one.message, one.device_id))
        self._failures = 0
        self._backoff.reset()
        self._on_progress(self._result.done, len(self._file))


def _broken(message: str) -> ServerError:
    return ServerError(grpc.StatusCode.UNAVAILABLE, message, retryable=True)


def _request(import_id: str, sequence: int, rows: Sequence[DeviceRow]) -> ImportDevicesRequest:
    return ImportDevicesRequest(import_id=import_id, sequence=sequence, devices=[row.device for row in rows])


def _batches(rows: Iterator[DeviceRow]) -> Iterator[Sequence[DeviceRow]]:
    """The rows of each message."""
    batch: list[DeviceRow] = []
    size = 0
    for row in rows:
        length = row.device.ByteSize()
        if batch and (len(batch) == MOST_DEVICES or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch
