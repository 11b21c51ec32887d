"""Faults at the level of gRPC: statuses, lost and repeated messages, and changed acknowledgements."""

from dataclasses import dataclass, field
from typing import TypeAlias

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse

Trailers: TypeAlias = tuple[tuple[str, str | bytes], ...]


# The tag of field 15, with bytes.
_UNKNOWN_FIELD = bytes([15 << 3 | 2])
# The request id of every status that the relay gives.
REQUEST_ID = "conformance-1"


class Abort(Exception):
    """Ends a call with a status."""

    def __init__(self, code: StatusCode, message: str, trailers: Trailers = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.trailers = trailers


@dataclass(slots=True)
class Call:
    """A call that passes through. requests: messages of the client so far. last_sequence: of its batches."""

    method: str
    requests: int = 0
    last_sequence: int = 0
    # Of the acknowledgements that a fault keeps back.
    kept: list[bytes] = field(default_factory=list)


class Fault:
    """Sees a call and its messages, and may raise Abort. The base changes nothing."""

    def begin(self, call: Call) -> None:
        """A call begins."""

    def request(self, call: Call, message: bytes) -> None:
        """The client has sent a message."""

    def answer(self, _call: Call, message: bytes) -> list[bytes]:
        """The messages that the client gets in place of this one."""
        return [message]


@dataclass(frozen=True, slots=True)
class Status:
    """A status as a server or something between gives it. Without a reason it has no details.

    retry_after: seconds; negative ones and those beyond all bounds are sent as they are.
    """

    code: StatusCode
    reason: str = ""
    retryable: bool = False
    retry_after: float | None = None

    def abort(self) -> Abort:
        """The exception that ends a call with this status."""
        message = f"The conformance relay ended the call with {self.code.name}."
        return Abort(self.code, message, self._trailers(message) if self.reason else self._header())

    def _header(self) -> Trailers:
        pause = () if self.retry_after is None else (("retry-after", str(round(self.retry_after))),)
        return (("x-request-id", REQUEST_ID), *pause)

    def _trailers(self, message: str) -> Trailers:
        number: int = self.code.value[0]
        status = status_pb2.Status(code=number, message=message)
        facts = {"retryable": "true" if self.retryable else "false"}
        status.details.append(
            _packed(error_details_pb2.ErrorInfo(reason=self.reason, domain="iotflow", metadata=facts))
        )
        if self.retry_after is not None:
            seconds = int(self.retry_after)
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.seconds = seconds
            retry.retry_delay.nanos = round((self.retry_after - seconds) * 1e9)
            status.details.append(_packed(retry))
        return (("grpc-status-details-bin", status.SerializeToString()), *self._header())


def _packed(detail: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


class FailCalls(Fault):
    """Ends the next `times` calls of a method after `after` requests of each; 0: at once. times 0: all calls."""

    def __init__(self, method: str, status: Status, *, after: int, times: int) -> None:
        self._method = method
        self._status = status
        self._after = after
        self._times = times
        self._failed = 0

    def begin(self, call: Call) -> None:
        if self._after == 0:
            self._fail(call)

    def request(self, call: Call, _message: bytes) -> None:
        if call.requests == self._after:
            self._fail(call)

    def _fail(self, call: Call) -> None:
        if call.method == self._method and (self._times == 0 or self._failed < self._times):
            self._failed += 1
            raise self._status.abort()


class RejectBatches(Fault):
    """Ends a stream with a status as soon as a batch holds the measurement, as often as that batch comes."""

    def __init__(self, measurement: str, status: Status) -> None:
        self._measurement = measurement
        self._status = status

    def request(self, call: Call, message: bytes) -> None:
        if call.method == "StreamTelemetry":
            batch = TelemetryBatch.FromString(message)
            if any(column.measurement == self._measurement for column in batch.columns):
                raise self._status.abort()


class LoseAnswers(Fault):
    """Lets the server execute the next `times` calls of a method, and gives the client UNAVAILABLE in place of the answer."""

    def __init__(self, method: str, times: int) -> None:
        self._method = method
        self._left = times

    def answer(self, call: Call, message: bytes) -> list[bytes]:
        if call.method == self._method and self._left:
            self._left -= 1
            raise Status(StatusCode.UNAVAILABLE).abort()
        return [message]


class RepeatAnswers(Fault):
    """Delivers every message of the server to the client twice."""

    def __init__(self, method: str) -> None:
        self._method = method

    def answer(self, call: Call, message: bytes) -> list[bytes]:
        return [message, message] if call.method == self._method else [message]


class EnlargeAnswers(Fault):
    """Adds so many bytes to the next `times` messages of the server in calls of a method, in a field that no client knows."""

    def __init__(self, method: str, size: int, times: int) -> None:
        self._method = method
        self._size = size
        self._left = times

    def answer(self, call: Call, message: bytes) -> list[bytes]:
        if call.method != self._method or not self._left:
            return [message]
        self._left -= 1
        return [message + _UNKNOWN_FIELD + _varint(self._size) + bytes(self._size)]


class DropAcknowledgements(Fault):
    """Loses acknowledgements that reject nothing, up to `count` of them, wherever a later one must follow.

    dropped: number of them so far.
    """

    def __init__(self, count: int) -> None:
        self.dropped = 0
        self._count = count

    def request(self, call: Call, message: bytes) -> None:
        if call.method == "StreamTelemetry":
            call.last_sequence = TelemetryBatch.FromString(message).sequence

    def answer(self, call: Call, message: bytes) -> list[bytes]:
        if call.method != "StreamTelemetry" or self.dropped >= self._count:
            return [message]
        answer = StreamTelemetryResponse.FromString(message)
        if answer.rejected or answer.committed_sequence >= call.last_sequence:
            return [message]
        self.dropped += 1
        return []


class RepeatOlderAcknowledgements(Fault):
    """After every acknowledgement, delivers the one before it again."""

    def answer(self, call: Call, message: bytes) -> list[bytes]:
        if call.method != "StreamTelemetry":
            return [message]
        older, call.kept = call.kept, [message]
        return [message, *older]


class HoldAcknowledgements(Fault):
    """Delivers no acknowledgement at all."""

    def answer(self, call: Call, message: bytes) -> list[bytes]:
        return [] if call.method == "StreamTelemetry" else [message]


def _varint(number: int) -> bytes:
    return number.to_bytes(1) if number < 0x80 else (number & 0x7F | 0x80).to_bytes(1) + _varint(number >> 7)


def status_code(name: str) -> StatusCode:
    """The status of a name. Raises ValueError where there is none."""
    try:
        return grpc.StatusCode[name]
    except KeyError:
        raise ValueError(f"There is no status {name}.") from None
