"""The writer before a server that breaks off, refuses and takes its time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Never

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from iotflow.batches import encode_batch
from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.writer import TelemetryWriter
from tests.integration.client.standin import Context, Standin, acknowledgement, serving
from tests.processes import PATIENCE, free_port

ROWS = 3


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), PATIENCE))


def batch(number: int = 0) -> TelemetryBatch:
    return encode_batch([number * ROWS + row for row in range(ROWS)], {"a": [1.0] * ROWS})


def writers_tasks() -> list[str]:
    """Tasks the writer left behind."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("telemetry writer")]


async def refuse(context: Context, code: StatusCode, *details: Any, retryable: bool = False) -> Never:
    """As the server does."""
    info = error_details_pb2.ErrorInfo(reason="A_REASON", domain="iotflow")
    info.metadata["retryable"] = "true" if retryable else "false"
    status = status_pb2.Status(code=code.value[0])
    for detail in (info, *details):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    await context.abort(code, "a sentence", (("grpc-status-details-bin", status.SerializeToString()),))


async def never(_batch: TelemetryBatch, _context: Context) -> None:
    """Neither acknowledge nor refuse."""


def test_leaving_the_block_waits_for_every_acknowledgement() -> None:
    async def test() -> None:
        standin, rows = Standin(), list[int]()
        async with serving(standin) as address, TelemetryWriter(address, on_acknowledged=rows.append) as writer:
            for number in range(200):
                await writer.send(batch(number))
            await writer.close()
            assert sum(rows) == 200 * ROWS
        assert standin.sequences == [list(range(1, 201))]

    run(test)


def test_what_was_not_acknowledged_is_sent_again_in_order() -> None:
    async def test() -> None:
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
        # A batch is the same whichever connection it goes over.
        assert standin.received[0][second[0] - 1] == standin.received[1][0]

    run(test)


def test_a_server_that_comes_back_gets_the_rest() -> None:
    async def test() -> None:
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

    run(test)


def test_a_server_that_is_not_there_yet_is_waited_for() -> None:
    async def test() -> None:
        port, interrupted = free_port(), asyncio.Event()
        errors = list[ServerError]()

        def note(error: ServerError, _delay: float) -> None:
            errors.append(error)
            interrupted.set()

        standin = Standin()
        async with TelemetryWriter(f"127.0.0.1:{port}", connect_timeout=0.1, on_interrupted=note) as writer:
            await writer.send(batch())
            await interrupted.wait()
            async with serving(standin, port):
                await writer.flush()
        assert str(errors[0]) == "no connection within 0.1 s (UNAVAILABLE)"
        assert standin.sequences == [[1]]

    run(test)


@pytest.mark.parametrize("way", ["details", "header"])
def test_the_server_says_how_long_to_wait(way: str) -> None:
    async def test() -> None:
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

    run(test)


def test_a_refusal_for_good_comes_out_of_flush_and_of_a_send_that_waits() -> None:
    async def test() -> None:
        standin, told = Standin(), asyncio.Event()

        async def take(_batch: TelemetryBatch, context: Context) -> None:
            await told.wait()
            await refuse(context, StatusCode.PERMISSION_DENIED)

        standin.take = take
        async with serving(standin) as address:
            writer = await TelemetryWriter(address, window=1).__aenter__()
            await writer.send(batch())
            waiting = asyncio.create_task(writer.send(batch()))
            await standin.received_in_all(1)
            assert not waiting.done()
            told.set()
            for refused in (waiting, writer.flush(), writer.send(batch()), writer.close()):
                with pytest.raises(ServerError, match=r"^a sentence \(A_REASON\)$") as raised:
                    await refused
                assert (raised.value.code, raised.value.retryable) == (StatusCode.PERMISSION_DENIED, False)
        assert standin.sequences == [[1]]

    run(test)


def test_a_refusal_in_the_midst_of_a_full_window_is_found_out() -> None:
    async def test() -> None:
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

    run(test)


def test_send_waits_while_the_window_is_full() -> None:
    async def test() -> None:
        standin, told = Standin(), asyncio.Event()

        async def take(batch: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
            await told.wait()
            return acknowledgement(batch.sequence)

        standin.take = take
        async with serving(standin) as address, TelemetryWriter(address, window=4) as writer:
            senders = [asyncio.create_task(writer.send(batch(number))) for number in range(6)]
            await standin.received_in_all(1)
            assert [sender.done() for sender in senders] == [True] * 4 + [False] * 2
            told.set()
            await asyncio.gather(*senders)
        assert standin.sequences == [[1, 2, 3, 4, 5, 6]]

    run(test)


def test_rejections_are_told_before_the_acknowledgement() -> None:
    async def test() -> None:
        standin, told = Standin(), list[str]()
        rejected = Rejection(sequence=1, index=2, count=1, measurement="a", reason="TYPE_CONFLICT")

        async def take(batch: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
            return acknowledgement(batch.sequence, rejected)

        standin.take = take
        async with (
            serving(standin) as address,
            TelemetryWriter(
                address,
                on_acknowledged=lambda rows: told.append(f"{rows} rows"),
                on_rejected=lambda rejection: told.append(rejection.reason),
            ) as writer,
        ):
            await writer.send(batch())
        assert told == ["TYPE_CONFLICT", f"{ROWS} rows"]

    run(test)


def test_leaving_by_an_exception_waits_for_nothing() -> None:
    async def test() -> None:
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

    run(test)


@pytest.mark.parametrize("is_there", [True, False])
def test_waiting_for_the_end_can_be_cancelled(is_there: bool) -> None:
    async def test() -> None:
        standin = Standin()
        standin.take = never
        async with serving(standin) as address:
            target = address if is_there else f"127.0.0.1:{free_port()}"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3), TelemetryWriter(target, connect_timeout=0.05) as writer:
                    await writer.send(batch())
        assert not writers_tasks()

    run(test)


def test_an_exception_of_a_callback_comes_out() -> None:
    async def test() -> None:
        def fail(_rows: int) -> None:
            raise ZeroDivisionError

        async with serving(Standin()) as address:
            with pytest.raises(ZeroDivisionError):
                async with TelemetryWriter(address, on_acknowledged=fail) as writer:
                    await writer.send(batch())

    run(test)


def test_a_channel_of_the_caller_stays_open() -> None:
    async def test() -> None:
        async with serving(Standin()) as address, grpc.aio.insecure_channel(address) as channel:
            for _ in range(2):
                async with TelemetryWriter(channel) as writer:
                    await writer.send(batch())

    run(test)


def test_a_channel_closed_by_its_owner_ends_the_writer() -> None:
    async def test() -> None:
        standin = Standin()
        standin.take = never
        async with serving(standin) as address:
            channel = grpc.aio.insecure_channel(address)
            with pytest.raises(RuntimeError, match="channel was closed"):
                async with TelemetryWriter(channel) as writer:
                    await writer.send(batch())
                    await standin.received_in_all(1)
                    await channel.close()

    run(test)
