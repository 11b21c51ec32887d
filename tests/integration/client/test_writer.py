"""The promises of TelemetryWriter."""

import asyncio

import grpc
import pytest

from iotflow.batcher import BatchLimits
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.writer import TelemetryWriter
from tests.integration.client.standin import Context, Standin, acknowledgement, serving
from tests.integration.client.writing import ROWS, batch, never, writers_tasks
from tests.support.processes import free_port

pytestmark = pytest.mark.usefixtures("loop_of_the_module")


async def test_leaving_the_block_waits_for_every_acknowledgement() -> None:
    standin, rows = Standin(), list[int]()
    async with serving(standin) as address, TelemetryWriter(address, on_acknowledged=rows.append) as writer:
        for number in range(200):
            await writer.send(batch(number))
        await writer.close()
        assert sum(rows) == 200 * ROWS
    assert standin.sequences == [list(range(1, 201))]


async def test_rows_are_sent_while_their_caller_does_nothing_but_add_rows() -> None:
    acknowledged, most = list[int](), 100_000
    limits = BatchLimits(rows=10)
    async with (
        serving(Standin()) as address,
        TelemetryWriter(address, batch=limits, on_acknowledged=acknowledged.append) as writer,
    ):
        added = 0
        while not acknowledged and added < most:
            await writer.add({"level": 1.0}, added)
            added += 1
    assert added < most


@pytest.mark.parametrize(("value", "timestamp", "device_id"), [(2**63, 1, 0), (1, 2**63, 0), (1, 1, 2**31), (1, 1, -1)])
async def test_a_row_that_no_batch_can_hold_is_refused_and_the_writer_goes_on(
    value: int, timestamp: int, device_id: int
) -> None:
    standin = Standin()
    async with serving(standin) as address, TelemetryWriter(address) as writer:
        await writer.add({"level": 1}, 1)
        with pytest.raises(ValueError, match=r"64 bits|device_id"):
            await writer.add({"level": value}, timestamp, device_id=device_id)
        await writer.add({"level": 2}, 2)
    ((stored,),) = standin.received
    assert list(stored.timestamps) == [1, 2]


async def test_send_waits_while_the_window_is_full() -> None:
    standin, released = Standin(), asyncio.Event()

    async def take(batch: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
        await released.wait()
        return acknowledgement(batch.sequence)

    standin.take = take
    async with serving(standin) as address, TelemetryWriter(address, window=4) as writer:
        senders = [asyncio.create_task(writer.send(batch(number))) for number in range(6)]
        await standin.received_in_all(1)
        assert [sender.done() for sender in senders] == [True] * 4 + [False] * 2
        released.set()
        await asyncio.gather(*senders)
    assert standin.sequences == [[1, 2, 3, 4, 5, 6]]


async def test_rejections_are_reported_before_the_acknowledgement() -> None:
    standin, reported = Standin(), list[str]()
    rejected = Rejection(sequence=1, index=2, count=1, measurement="a", reason="TYPE_CONFLICT")

    async def take(batch: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
        return acknowledgement(batch.sequence, rejected)

    standin.take = take
    async with (
        serving(standin) as address,
        TelemetryWriter(
            address,
            on_acknowledged=lambda rows: reported.append(f"{rows} rows"),
            on_rejected=lambda rejection: reported.append(rejection.reason),
        ) as writer,
    ):
        await writer.send(batch())
    assert reported == ["TYPE_CONFLICT", f"{ROWS} rows"]


async def test_an_exception_in_the_block_ends_the_writer_without_waiting() -> None:
    standin = Standin()
    standin.take = never
    async with serving(standin) as address:
        writer = TelemetryWriter(address)
        with pytest.raises(ZeroDivisionError):
            async with writer:
                await writer.send(batch())
                raise ZeroDivisionError
        with pytest.raises(RuntimeError, match="not open"):
            await writer.send(batch())
    assert not writers_tasks()


@pytest.mark.parametrize("is_there", [True, False])
async def test_waiting_for_acknowledgements_can_be_cancelled(is_there: bool) -> None:
    standin = Standin()
    standin.take = never
    async with serving(standin) as address:
        target = address if is_there else f"127.0.0.1:{free_port()}"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), TelemetryWriter(target, connect_timeout=0.05) as writer:
                await writer.send(batch())
    assert not writers_tasks()


async def test_an_exception_of_a_callback_is_logged_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_rows: int) -> None:
        raise ZeroDivisionError

    async with serving(Standin()) as address, TelemetryWriter(address, on_acknowledged=fail) as writer:
        for _ in range(3):
            await writer.send(batch())
            await writer.flush()
    assert caplog.messages == ["handler failed: on_acknowledged"] * 3


async def test_a_channel_of_the_caller_stays_open() -> None:
    async with serving(Standin()) as address, grpc.aio.insecure_channel(address) as channel:
        for _ in range(2):
            async with TelemetryWriter(channel) as writer:
                await writer.send(batch())


async def test_a_channel_closed_by_its_owner_ends_the_writer() -> None:
    standin = Standin()
    standin.take = never
    async with serving(standin) as address:
        channel = grpc.aio.insecure_channel(address)
        with pytest.raises(RuntimeError, match="The channel is closed"):
            async with TelemetryWriter(channel) as writer:
                await writer.send(batch())
                await standin.received_in_all(1)
                await channel.close()
