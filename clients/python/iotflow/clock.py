"""The times of rows that are added without a time."""

import asyncio
import time
from typing import Protocol

from google.protobuf import struct_pb2

from iotflow.channels import Backoff
from iotflow.connection import Connection, needs_credential
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatRequest, SendHeartbeatResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

# Rows within a millisecond get rising times, because equal times overwrite each other. A larger difference is a step of
# the clock.
_MOST_AHEAD = 1_000


class Clock(Protocol):
    """now(): milliseconds since 1970 UTC, or None while that is unknown. A row then gets monotonic() until from_monotonic()
    converts it."""

    def now(self) -> int | None:
        """Milliseconds since 1970 UTC, or None."""

    def monotonic(self) -> int:
        """Milliseconds of a clock that never steps."""

    def from_monotonic(self, milliseconds: int) -> int | None:
        """Milliseconds since 1970 UTC at a time of monotonic(), or None."""

    async def run(self, connection: Connection) -> None:
        """What the clock needs to do while a writer uses it."""

    async def known(self) -> None:
        """Wait until now() is known."""


class DeviceClock:
    """The clock of this machine."""

    def now(self) -> int | None:
        """The system's time."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> int:
        """The system's monotonic time."""
        return time.monotonic_ns() // 1_000_000

    def from_monotonic(self, milliseconds: int) -> int | None:
        """The time that many milliseconds ago."""
        return time.time_ns() // 1_000_000 - (self.monotonic() - milliseconds)

    async def run(self, connection: Connection) -> None:
        """Nothing."""

    async def known(self) -> None:
        """Return at once."""


class ServerClock:
    """The server's time, for devices without a clock: a heartbeat's answer, continued with the monotonic clock."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._known = asyncio.Event()

    def observe(self, answer: SendHeartbeatResponse, began: float, ended: float) -> None:
        """Set the clock. began, ended: of the call, in seconds of time.monotonic()."""
        self._offset = answer.timestamp.ToMicroseconds() / 1_000 - (began + ended) / 2 * 1_000
        self._known.set()

    def now(self) -> int | None:
        """The server's time now."""
        # The fraction counts: whole milliseconds could be earlier than the answer that set the clock.
        return self._at(time.monotonic_ns() / 1e6)

    def monotonic(self) -> int:
        """The system's monotonic time."""
        return time.monotonic_ns() // 1_000_000

    def from_monotonic(self, milliseconds: int) -> int | None:
        """The server's time then."""
        return self._at(milliseconds)

    async def run(self, connection: Connection) -> None:
        """Ask the server until it answers."""
        backoff = Backoff()
        while self._offset is None:
            used = connection.metadata
            try:
                await heartbeat(connection, "online", self)
            except ServerError as error:
                if needs_credential(error) and await connection.renewed(error, used):
                    continue
                # The writer's own stream shows its callers an error that stays.
                await asyncio.sleep(backoff.delay(error.retry_after))

    async def known(self) -> None:
        """Wait for the first answer."""
        await self._known.wait()

    def _at(self, monotonic: float) -> int | None:
        return None if self._offset is None else round(monotonic + self._offset)


async def heartbeat(connection: Connection, status: str, clock: ServerClock | None) -> SendHeartbeatResponse:
    """Send a heartbeat, and set the clock by its answer. Raises ServerError."""
    request = SendHeartbeatRequest(status=struct_pb2.Value(string_value=status))
    async with connection.call() as channel:
        began = time.monotonic()
        answer = await DeviceServiceStub(channel).SendHeartbeat(request, metadata=connection.metadata)
    if clock:
        clock.observe(answer, began, time.monotonic())
    return answer


class RisingTimes:
    """Makes the times of one writer's rows rise."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: int) -> int:
        """`now`, or the next free millisecond after the last one given."""
        is_step_back = self._last - now > _MOST_AHEAD
        self._last = now if now > self._last or is_step_back else self._last + 1
        return self._last
