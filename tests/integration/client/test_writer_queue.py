"""The writer's batches, queue and policies."""

import asyncio
import errno
import os
import shutil
from pathlib import Path

import pytest
from grpc import StatusCode

from iotflow.batcher import BatchLimits
from iotflow.batches import decode_batch
from iotflow.connection import Connection
from iotflow.errors import ServerError
from iotflow.policy import DropReason, Policy
from iotflow.queue import DISK_RETRY_SECONDS
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.writer import TelemetryWriter
from tests.integration.client.standin import Context, Standin, acknowledgement, serving
from tests.integration.client.writing import batch, never, refuse, writers_tasks
from tests.support.processes import free_port

pytestmark = pytest.mark.usefixtures("loop_of_the_module")
SLOW = 60.0
OUT_OF_REACH = "127.0.0.1:1"
PATIENCE = 30.0


def values(standin: Standin) -> list[float]:
    """All values of the measurement `a` that arrived, in order."""
    arrived = [batch for connection in standin.received for batch in connection]
    return [value for batch in arrived for value in decode_batch(batch)[1]["a"].tolist()]


async def fill(writer: TelemetryWriter, rows: int, first: int = 0) -> None:
    for number in range(first, first + rows):
        await writer.add({"a": float(number)}, 1_000 + number)


async def test_rows_leave_in_batches_of_the_limit_and_a_flush_sends_the_rest() -> None:
    standin = Standin()
    async with (
        serving(standin) as address,
        TelemetryWriter(address, batch=BatchLimits(rows=10, age=SLOW)) as writer,
    ):
        await fill(writer, 25)
        await writer.flush()
        assert [len(each.timestamps) for connection in standin.received for each in connection] == [10, 10, 5]
    assert values(standin) == [float(number) for number in range(25)]


async def test_rows_leave_when_they_are_old_enough() -> None:
    standin = Standin()
    async with serving(standin) as address, TelemetryWriter(address, batch=BatchLimits(age=0.05)) as writer:
        await fill(writer, 3)
        await standin.received_in_all(1)
    assert values(standin) == [0.0, 1.0, 2.0]


async def test_rows_without_a_time_get_rising_times() -> None:
    standin = Standin()
    async with serving(standin) as address, TelemetryWriter(address) as writer:
        for number in range(100):
            await writer.add({"a": float(number)})
    [[arrived]] = standin.received
    assert sorted(set(arrived.timestamps)) == list(arrived.timestamps)


@pytest.mark.parametrize("on_disk", [False, True])
async def test_a_full_queue_lets_callers_wait(on_disk: bool, tmp_path: Path) -> None:
    port, standin = free_port(), Standin()
    folder = tmp_path if on_disk else None
    limits = BatchLimits(rows=10, age=SLOW)
    async with TelemetryWriter(f"127.0.0.1:{port}", folder=folder, limit=1_000, batch=limits) as writer:
        adding = asyncio.create_task(fill(writer, 500))
        done, _ = await asyncio.wait({adding}, timeout=0.5)
        assert not done
        assert 800 <= writer.queued_bytes <= 1_000
        async with serving(standin, port):
            await adding
            await writer.flush()
    assert values(standin) == [float(number) for number in range(500)]


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize("policy", [Policy.DROP_OLDEST, Policy.DROP_NEWEST, Policy.SAMPLE])
async def test_what_a_full_queue_drops_is_counted(policy: Policy, on_disk: bool, tmp_path: Path) -> None:
    port, standin, dropped = free_port(), Standin(), list[tuple[int, DropReason]]()
    writer = TelemetryWriter(
        f"127.0.0.1:{port}",
        folder=tmp_path if on_disk else None,
        limit=1_000,
        policy=policy,
        batch=BatchLimits(rows=10, age=SLOW),
        on_dropped=lambda rows, reason: dropped.append((rows, reason)),
    )
    async with writer:
        await fill(writer, 500)
        assert writer.queued_bytes <= 1_000
        async with serving(standin, port):
            await writer.flush()
    found = values(standin)
    assert {reason for _, reason in dropped} == {DropReason.QUEUE_FULL}
    assert len(found) + sum(rows for rows, _ in dropped) == 500
    assert (found[-1] == 499.0) == (policy is Policy.DROP_OLDEST)


async def test_a_full_queue_refuses_callers_until_there_is_room() -> None:
    port, standin, added = free_port(), Standin(), 0
    limits = BatchLimits(rows=10, age=SLOW)
    async with TelemetryWriter(f"127.0.0.1:{port}", limit=1_000, policy=Policy.REFUSE, batch=limits) as writer:
        with pytest.raises(ServerError) as refused:
            for added in range(500):
                await fill(writer, 1, added)
        assert (refused.value.code, refused.value.reason) == (StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
        assert refused.value.retryable
        async with serving(standin, port):
            await writer.flush()
            await fill(writer, 1, added)
            await writer.flush()
    assert sorted(set(values(standin))) == [float(number) for number in range(added + 1)]


async def test_a_queue_on_disk_is_sent_by_the_next_writer(tmp_path: Path) -> None:
    limits, standin = BatchLimits(rows=10, age=SLOW), Standin()
    writer = await TelemetryWriter(OUT_OF_REACH, folder=tmp_path, batch=limits).open()
    await fill(writer, 100)
    with pytest.raises(ServerError) as passed:
        await writer.close(0.05)
    assert passed.value.code is StatusCode.DEADLINE_EXCEEDED
    assert not writers_tasks()
    async with serving(standin) as address, TelemetryWriter(address, folder=tmp_path) as writer:
        await writer.flush()
        assert standin.sequences == [list(range(1, 11))]
        await fill(writer, 1, 100)
    assert values(standin) == [float(number) for number in range(101)]
    assert standin.sequences == [list(range(1, 12))]


async def test_what_was_acknowledged_is_not_sent_by_the_next_writer(tmp_path: Path) -> None:
    standin = Standin()
    async with serving(standin) as address:
        for first in (0, 10):
            async with TelemetryWriter(address, folder=tmp_path, batch=BatchLimits(rows=5)) as writer:
                await fill(writer, 10, first)
    assert standin.sequences == [[1, 2], [3, 4]]


async def test_a_batch_that_ends_the_stream_is_given_up_and_the_others_are_sent() -> None:
    standin, rejected = Standin(), list[Rejection]()

    async def take(arrived: TelemetryBatch, context: Context) -> StreamTelemetryResponse:
        if arrived.sequence == 7:
            await refuse(context, StatusCode.INVALID_ARGUMENT)
        return acknowledgement(arrived.sequence)

    standin.take = take
    async with (
        serving(standin) as address,
        TelemetryWriter(address, batch=BatchLimits(rows=3), on_rejected=rejected.append) as writer,
    ):
        await fill(writer, 60)
    [whole] = rejected
    assert (whole.sequence, whole.index, whole.count, whole.measurement) == (7, 0, 3, "")
    assert (whole.reason, whole.retryable) == ("A_REASON", False)
    stored = {each for sequences in standin.sequences for each in sequences}
    assert stored == set(range(1, 21))


async def test_another_key_is_asked_for_once_and_used() -> None:
    standin, asked, answer = Standin(), list[ServerError](), asyncio.Event()

    async def take(arrived: TelemetryBatch, context: Context) -> StreamTelemetryResponse:
        if ("x-api-key", "new") not in (context.invocation_metadata() or ()):
            await refuse(context, StatusCode.UNAUTHENTICATED)
        return acknowledgement(arrived.sequence)

    async def ask(error: ServerError) -> str:
        asked.append(error)
        await answer.wait()
        return "new"

    standin.take = take
    async with (
        serving(standin) as address,
        TelemetryWriter(address, api_key="old", on_credential_wanted=ask) as writer,
    ):
        await fill(writer, 3)
        with pytest.raises(ServerError, match="acknowledged within"):
            await writer.flush(0.3)
        answer.set()
    assert [error.code for error in asked] == [StatusCode.UNAUTHENTICATED]


async def test_without_another_key_the_error_is_raised() -> None:
    standin = Standin()

    async def take(_batch: TelemetryBatch, context: Context) -> None:
        await refuse(context, StatusCode.UNAUTHENTICATED)

    async def none(_error: ServerError) -> None:
        return None

    standin.take = take
    async with serving(standin) as address:
        writer = await TelemetryWriter(address, on_credential_wanted=none).open()
        await fill(writer, 3)
        with pytest.raises(ServerError, match="A_REASON"):
            await writer.close()


async def test_a_key_that_was_rotated_meanwhile_is_used_without_a_question() -> None:
    standin = Standin()

    async def take(arrived: TelemetryBatch, context: Context) -> StreamTelemetryResponse:
        if ("x-api-key", "new") not in (context.invocation_metadata() or ()):
            connection.use_key("new")
            await refuse(context, StatusCode.UNAUTHENTICATED)
        return acknowledgement(arrived.sequence)

    standin.take = take
    async with (
        serving(standin) as address,
        Connection(address, api_key="old") as connection,
        TelemetryWriter(connection) as writer,
    ):
        await fill(writer, 3)
    assert values(standin) == [0.0, 1.0, 2.0] * 2


async def test_a_flush_keeps_its_deadline_and_loses_nothing() -> None:
    standin, released = Standin(), asyncio.Event()

    async def take(arrived: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
        await released.wait()
        return acknowledgement(arrived.sequence)

    standin.take = take
    async with serving(standin) as address, TelemetryWriter(address) as writer:
        await fill(writer, 3)
        with pytest.raises(ServerError) as passed:
            await writer.flush(0.1)
        assert (passed.value.code, passed.value.retryable) == (StatusCode.DEADLINE_EXCEEDED, True)
        released.set()
    assert values(standin) == [0.0, 1.0, 2.0]


async def test_an_exception_of_a_handler_of_drops_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_rows: int, _reason: DropReason) -> None:
        raise ZeroDivisionError

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    standin, limits = Standin(), BatchLimits(rows=5, age=SLOW)
    async with (
        asyncio.timeout(PATIENCE),
        serving(standin) as address,
        TelemetryWriter(address, folder=tmp_path, policy=Policy.DROP_NEWEST, batch=limits, on_dropped=fail) as writer,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            await fill(writer, 5)
        await fill(writer, 5, 5)
        await writer.flush()
    assert "handler failed: on_dropped" in caplog.messages
    assert values(standin) == [5.0, 6.0, 7.0, 8.0, 9.0]


async def test_a_disk_that_fails_is_logged_once_and_named_by_a_flush(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "queue"
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(OUT_OF_REACH, folder=folder, batch=BatchLimits(rows=5)).open()
        await fill(writer, 5)
        shutil.rmtree(folder)
        waiting = asyncio.create_task(fill(writer, 5))
        for _ in range(2):
            with pytest.raises(ServerError, match="No such file") as passed:
                await writer.flush(DISK_RETRY_SECONDS)
            assert passed.value.code is StatusCode.DEADLINE_EXCEEDED
        assert not waiting.done()
        with pytest.raises(ServerError):
            await writer.close(0.1)
        await asyncio.gather(waiting, return_exceptions=True)
    assert len([text for text in caplog.messages if "the disk does not take" in text]) == 1


async def test_rows_cannot_be_added_once_a_writer_closes() -> None:
    standin, released = Standin(), asyncio.Event()

    async def take(arrived: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
        await released.wait()
        return acknowledgement(arrived.sequence)

    standin.take = take
    async with serving(standin) as address:
        writer = await TelemetryWriter(address).open()
        await fill(writer, 3)
        closing = asyncio.create_task(writer.close())
        await standin.received_in_all(1)
        with pytest.raises(RuntimeError, match="not open"):
            await fill(writer, 1)
        released.set()
        await closing
    assert values(standin) == [0.0, 1.0, 2.0]


async def test_whole_batches_and_rows_keep_their_order() -> None:
    standin = Standin()
    async with serving(standin) as address, TelemetryWriter(address, batch=BatchLimits(age=SLOW)) as writer:
        await fill(writer, 2, 5)
        await writer.send(batch())
        await fill(writer, 1, 7)
    assert values(standin) == [5.0, 6.0, 1.0, 1.0, 1.0, 7.0]


async def test_a_writer_without_acknowledgements_can_be_closed(tmp_path: Path) -> None:
    standin = Standin()
    standin.take = never
    async with serving(standin) as address:
        writer = await TelemetryWriter(address, folder=tmp_path).open()
        await fill(writer, 3)
        with pytest.raises(ServerError):
            await writer.close(0.1)
    assert not writers_tasks()
