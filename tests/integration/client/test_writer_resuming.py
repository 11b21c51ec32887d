"""The writer when the server breaks connections, stops, or rejects batches."""

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc import StatusCode

from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.writer import TelemetryWriter
from tests.integration.client.standin import Context, Standin, acknowledgement, serving
from tests.integration.client.writing import ROWS, batch, never, refuse
from tests.support.processes import free_port

pytestmark = pytest.mark.usefixtures("loop_of_the_module")


async def test_unacknowledged_batches_are_resent_in_order() -> None:
    standin, rows, interruptions = Standin(), list[int](), list[ServerError]()

    async def take(batch: TelemetryBatch, context: Context) -> StreamTelemetryResponse | None:
        if batch.sequence == 20 and len(standin.received) < 3:
            await context.abort(StatusCode.UNAVAILABLE, "gone")
        is_held_back = 15 <= batch.sequence < 20 and len(standin.received) == 1
        return None if is_held_back else acknowledgement(batch.sequence)

    standin.take = take
    async with (
        serving(standin) as address,
        TelemetryWriter(
            address, on_acknowledged=rows.append, on_interrupted=lambda error, _: interruptions.append(error)
        ) as writer,
    ):
        for number in range(40):
            await writer.send(batch(number))
    first, second, third = standin.sequences
    assert first == list(range(1, 21))
    assert second == list(range(second[0], 21))
    assert second[0] <= 15
    assert third == list(range(third[0], 41))
    assert sum(rows) == 40 * ROWS
    assert len(interruptions) == 2
    assert all(error.retryable for error in interruptions)
    # A resent batch is identical.
    assert standin.received[0][second[0] - 1] == standin.received[1][0]


async def test_a_restarted_server_receives_the_remaining_batches() -> None:
    port = free_port()
    before, after = Standin(), Standin()
    before.take = never
    async with TelemetryWriter(f"127.0.0.1:{port}") as writer:
        async with serving(before, port):
            await writer.send(batch())
            await before.received_in_all(1)
        await writer.send(batch())
        async with serving(after, port):
            await writer.flush()
    assert after.sequences == [[1, 2]]


async def test_the_writer_waits_for_a_server_that_starts_later() -> None:
    port, interrupted = free_port(), asyncio.Event()
    errors = list[ServerError]()

    def note(error: ServerError, _delay: float) -> None:
        errors.append(error)
        interrupted.set()

    standin = Standin()
    async with TelemetryWriter(f"127.0.0.1:{port}", on_interrupted=note) as writer:
        await writer.send(batch())
        await interrupted.wait()
        async with serving(standin, port):
            await writer.flush()
    assert errors[0].code is StatusCode.UNAVAILABLE
    assert errors[0].message.startswith(f"127.0.0.1:{port} is out of reach: ")
    assert "Connection refused" in errors[0].message
    assert standin.sequences == [[1]]


@pytest.mark.parametrize("way", ["details", "header"])
async def test_the_retry_delay_of_the_server_is_respected(way: str) -> None:
    standin, waits = Standin(), list[tuple[ServerError, float]]()

    async def take(batch: TelemetryBatch, context: Context) -> StreamTelemetryResponse:
        if len(standin.received) == 1 and way == "details":
            retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000))
            await refuse(context, StatusCode.RESOURCE_EXHAUSTED, retry, retryable=True)
        if len(standin.received) == 1:
            await context.abort(StatusCode.UNAVAILABLE, "", (("retry-after", "1"),))
        return acknowledgement(batch.sequence)

    standin.take = take
    async with (
        serving(standin) as address,
        TelemetryWriter(address, on_interrupted=lambda error, delay: waits.append((error, delay))) as writer,
    ):
        begun = asyncio.get_running_loop().time()
        await writer.send(batch())
        await writer.flush()
        took = asyncio.get_running_loop().time() - begun
    [(error, delay)] = waits
    assert error.retry_after == (1.5 if way == "details" else 1.0)
    assert took >= delay > error.retry_after


async def test_a_permanent_error_is_raised_by_flush_and_by_a_waiting_send() -> None:
    standin, may_refuse = Standin(), asyncio.Event()

    async def take(_batch: TelemetryBatch, context: Context) -> None:
        await may_refuse.wait()
        await refuse(context, StatusCode.PERMISSION_DENIED)

    standin.take = take
    async with serving(standin) as address:
        writer = await TelemetryWriter(address, window=1).__aenter__()
        await writer.send(batch())
        waiting = asyncio.create_task(writer.send(batch()))
        await standin.received_in_all(1)
        assert not waiting.done()
        may_refuse.set()
        for refused in (waiting, writer.flush(), writer.send(batch()), writer.close()):
            with pytest.raises(ServerError, match=r"^a sentence \(A_REASON\)$") as raised:
                await refused
            assert (raised.value.code, raised.value.retryable) == (StatusCode.PERMISSION_DENIED, False)
    assert standin.sequences == [[1]]


async def test_a_permanent_error_is_raised_while_the_window_is_full() -> None:
    standin = Standin()

    async def take(batch: TelemetryBatch, context: Context) -> StreamTelemetryResponse:
        if batch.sequence >= 10:
            await refuse(context, StatusCode.PERMISSION_DENIED)
        return acknowledgement(batch.sequence)

    standin.take = take
    async with serving(standin) as address:
        with pytest.raises(ServerError, match="A_REASON"):
            async with TelemetryWriter(address) as writer:
                for number in range(1_000):
                    await writer.send(batch(number))
