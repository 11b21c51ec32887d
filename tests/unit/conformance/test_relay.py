"""The relay of the conformance runner forwards calls, and changes them as its faults say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from clients.conformance import relay_faults
from clients.conformance.relay import Relay
from clients.conformance.relay_faults import Fault, Status
from clients.conformance.stream_record import StreamRecord
from iotflow.errors import server_error
from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.client.standin import Standin, serving

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

if TYPE_CHECKING:
    from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceAsyncStub

PATIENCE = 10.0


def batch(sequence: int, measurement: str = "level") -> TelemetryBatch:
    return TelemetryBatch(sequence=sequence, timestamps=[1], columns=[Column(measurement=measurement, doubles=[1])])


@asynccontextmanager
async def relayed(*faults: Fault) -> "AsyncIterator[tuple[Relay, TelemetryServiceAsyncStub]]":
    """A relay before a server that acknowledges every batch."""
    async with asyncio.timeout(PATIENCE), serving(Standin()) as target:
        relay = Relay(target)
        relay.faults.extend(faults)
        await relay.open()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{relay.port}") as channel:
            yield relay, TelemetryServiceStub(channel)
        await relay.end()


async def acknowledged(stub: "TelemetryServiceAsyncStub", *batches: TelemetryBatch) -> list[int]:
    """The acknowledgements of a stream of these batches."""
    return [answer.committed_sequence async for answer in stub.StreamTelemetry(iter(batches))]


async def failure(stub: "TelemetryServiceAsyncStub", *batches: TelemetryBatch) -> grpc.aio.AioRpcError:
    """The error of a stream of these batches."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await acknowledged(stub, *batches)
    return failed.value


async def test_calls_are_forwarded_and_recorded() -> None:
    async with relayed() as (relay, stub):
        assert await acknowledged(stub, batch(1), batch(2), batch(5)) == [1, 2, 5]
        (facts,) = [stream.facts for stream in relay.streams]
        assert (facts["batches"], facts["first_sequence"], facts["last_sequence"], facts["rising"]) == (3, 1, 5, True)
        assert relay.calls == ["StreamTelemetry"]


async def test_streams_are_recorded_together() -> None:
    async with relayed() as (relay, stub):
        assert await acknowledged(stub, batch(1)) == [1]
        assert await acknowledged(stub, batch(1), batch(2)) == [1, 2]
        facts = StreamRecord.together(relay.streams).facts
        assert (facts["batches"], facts["last_sequence"], facts["repeated"]) == (3, 2, [1])


async def test_a_status_has_the_details_of_a_server() -> None:
    status = Status(StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", retryable=True, retry_after=1.5)
    async with relayed(relay_faults.FailCalls("StreamTelemetry", status, after=0, times=1)) as (_, stub):
        error = server_error(await failure(stub, batch(1)))
        assert (error.code, error.reason, error.retryable, error.retry_after) == (
            StatusCode.UNAVAILABLE,
            "STORE_UNAVAILABLE",
            True,
            1.5,
        )
        assert await acknowledged(stub, batch(1)) == [1]


@pytest.mark.parametrize("seconds", [-5, -(2**63) + 1024, 2**63 - 1024])
async def test_a_retry_after_beyond_all_bounds_is_sent_as_it_is(seconds: int) -> None:
    status = Status(StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", retryable=True, retry_after=float(seconds))
    async with relayed(relay_faults.FailCalls("StreamTelemetry", status, after=0, times=1)) as (_, stub):
        trailers = dict((await failure(stub, batch(1))).trailing_metadata() or ())
        assert trailers["retry-after"] == str(seconds)
        retry = error_details_pb2.RetryInfo()
        details = trailers["grpc-status-details-bin"]
        assert isinstance(details, bytes)
        assert status_pb2.Status.FromString(details).details[1].Unpack(retry)
        assert (retry.retry_delay.seconds, retry.retry_delay.nanos) == (seconds, 0)


async def test_a_batch_with_the_measurement_ends_its_stream() -> None:
    fault = relay_faults.RejectBatches("poison", Status(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"))
    async with relayed(fault) as (_, stub):
        assert (await failure(stub, batch(1), batch(2, "poison"))).code() is StatusCode.INVALID_ARGUMENT
        assert await acknowledged(stub, batch(1), batch(3)) == [1, 3]


async def test_an_answer_is_lost_after_the_server_has_executed_the_call() -> None:
    async with relayed(relay_faults.LoseAnswers("StreamTelemetry", 1)) as (_, stub):
        assert (await failure(stub, batch(1))).code() is StatusCode.UNAVAILABLE
        assert await acknowledged(stub, batch(1)) == [1]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (relay_faults.RepeatOlderAcknowledgements(), [1, 2, 1, 3, 2, 4, 3]),
        (relay_faults.RepeatAnswers("StreamTelemetry"), [1, 1, 2, 2, 3, 3, 4, 4]),
        (relay_faults.HoldAcknowledgements(), []),
    ],
    ids=["older again", "repeated", "held"],
)
async def test_acknowledgements_are_changed(fault: Fault, expected: list[int]) -> None:
    async with relayed(fault) as (_, stub):
        assert await acknowledged(stub, *map(batch, range(1, 5))) == expected


async def test_acknowledgements_are_lost_where_a_later_one_follows() -> None:
    fault = relay_faults.DropAcknowledgements(1)
    async with relayed(fault) as (_, stub):
        call = stub.StreamTelemetry()
        for sequence in (1, 2, 3):
            await call.write(batch(sequence))
        await call.done_writing()
        delivered = [answer.committed_sequence async for answer in call]
    assert delivered[-1] == 3
    assert len(delivered) + fault.dropped == 3
