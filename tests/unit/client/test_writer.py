"""The writer puts its parts together: options, limits, errors and the end."""

import asyncio
import errno
import inspect
import os
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from grpc import ChannelConnectivity, StatusCode

from iotflow import writer as module
from iotflow.batcher import BatchLimits
from iotflow.batches import decode_batch, encode_batch
from iotflow.clock import ServerClock
from iotflow.connection import Connection
from iotflow.contract import LARGEST_DEVICE_ID
from iotflow.errors import ServerError
from iotflow.policy import DropReason, Policy
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import DESCRIPTOR, StreamTelemetryResponse
from iotflow.writer import TelemetryWriter
from tests.support.scripted_server import WRONG_KEY, connected, key_of, serving

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 5.0
NOBODY = "127.0.0.1:1"
SLOW = BatchLimits(age=3_600.0)
ONE_ROW = BatchLimits(rows=1, age=3_600.0)


class Server:
    """StreamTelemetry: acknowledges each batch once it may, or ends the stream with the error.

    batches: in the order of their arrival. keys: of the calls. arrived: a sequence for each batch. ended: set
    when a client has ended its side of a stream, which then waits for may_end.
    """

    def __init__(self, error: StatusCode | None = None) -> None:
        self.error = error
        self.batches: list[TelemetryBatch] = []
        self.keys: list[str] = []
        self.arrived: asyncio.Queue[int] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.may_end = asyncio.Event()
        self.may_end.set()

    @property
    def methods(self) -> dict[str, Callable[..., Any]]:
        return {"StreamTelemetry": self.stream}

    @property
    def levels(self) -> list[list[float]]:
        return [decode_batch(batch)[1]["a"].tolist() for batch in self.batches]

    async def stream(
        self, batches: AsyncIterator[TelemetryBatch], context: Any
    ) -> AsyncIterator[StreamTelemetryResponse]:
        self.keys.append(key_of(context))
        await context.send_initial_metadata(())
        async for batch in batches:
            self.batches.append(batch)
            self.arrived.put_nowait(batch.sequence)
            await self.may_answer.wait()
            if self.error:
                await context.abort(self.error, "wrong", WRONG_KEY if self.error is StatusCode.UNAUTHENTICATED else ())
            yield StreamTelemetryResponse(committed_sequence=batch.sequence)
        self.ended.set()
        await self.may_end.wait()


def batch(*levels: float) -> TelemetryBatch:
    return encode_batch(range(len(levels)), {"a": levels})


def own_tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("telemetry writer")]


async def pending(waiting: "asyncio.Task[Any]") -> bool:
    """Whether a task still waits after it had every chance to go on."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not waiting.done()


async def test_the_defaults_of_the_options() -> None:
    found = {name: one.default for name, one in inspect.signature(TelemetryWriter).parameters.items()}
    assert found | {"target": None} == {
        "target": None,
        "api_key": "",
        "token": "",
        "tls": None,
        "folder": None,
        "limit": 64 * 2**20,
        "policy": Policy.WAIT,
        "batch": BatchLimits(1_000, 256 * 2**10, 1.0),
        "window": 64,
        "clock": None,
        "gives_up_batches": True,
        "connect_timeout": 10.0,
        "on_acknowledged": module.noop,
        "on_rejected": module.noop,
        "on_dropped": module.noop,
        "on_interrupted": module.noop,
        "on_credential_wanted": None,
    }
    assert module.RETRY_SECONDS == 0.1


async def test_a_writer_connects_with_its_key_and_closes_what_it_opened() -> None:
    server, acknowledged = Server(), list[int]()
    async with serving(DESCRIPTOR, server.methods) as address:
        async with TelemetryWriter(address, api_key="mine", batch=SLOW, on_acknowledged=acknowledged.append) as writer:
            await writer.add({"a": 1.5}, 1)
            await writer.add({"a": 2.5}, 2)
        assert (server.keys, server.levels, acknowledged, own_tasks()) == (["mine"], [[1.5, 2.5]], [2], [])


async def test_the_end_waits_for_the_server_to_end_the_stream() -> None:
    server = Server()
    server.may_end.clear()
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(connection).open()
        await writer.send(batch(1.5))
        closing = asyncio.create_task(writer.close())
        await server.ended.wait()
        assert await pending(closing)
        server.may_end.set()
        await closing


async def test_a_connection_of_the_caller_stays_open() -> None:
    server = Server()
    async with connected(DESCRIPTOR, server.methods) as connection:
        for level in (1.5, 2.5):
            async with TelemetryWriter(connection) as writer:
                await writer.send(batch(level))
        assert (await connection.ready()).get_state() is ChannelConnectivity.READY
    assert (server.levels, server.keys) == ([[1.5], [2.5]], ["key", "key"])


async def test_the_handler_of_a_writer_is_asked_for_a_key() -> None:
    async def answer(_error: ServerError) -> str:
        server.error = None
        return "new"

    server = Server(StatusCode.UNAUTHENTICATED)
    async with (
        serving(DESCRIPTOR, server.methods) as address,
        TelemetryWriter(address, token="old", on_credential_wanted=answer) as writer,
    ):
        await writer.send(batch(1.5))
    assert server.levels == [[1.5], [1.5]]


@pytest.mark.parametrize(
    ("timestamp", "fits"), [(-(2**63), True), (2**63 - 1, True), (-(2**63) - 1, False), (2**63, False)]
)
async def test_a_timestamp_has_64_bits(timestamp: int, fits: bool) -> None:
    server = Server()
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection) as writer:
        if fits:
            await writer.add({"a": 1.5}, timestamp)
        else:
            with pytest.raises(ValueError, match="The timestamp does not fit into 64 bits"):
                await writer.add({"a": 1.5}, timestamp)
    assert [list(batch.timestamps) for batch in server.batches] == [[timestamp]] * fits


async def test_a_timestamp_may_be_a_datetime_or_that_of_the_clock() -> None:
    server = Server()
    before = datetime.now(UTC).timestamp() * 1_000
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection) as writer:
        await writer.add({"a": 1.5}, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))
        await writer.add({"a": 1.5})
    [[given, now]] = [batch.timestamps for batch in server.batches]
    assert given == 1_700_000_000_000
    assert before - 1 <= now <= datetime.now(UTC).timestamp() * 1_000 + 1_000


@pytest.mark.parametrize("device_id", [0, 1, LARGEST_DEVICE_ID])
async def test_rows_and_columns_may_be_of_any_device(device_id: int) -> None:
    server = Server()
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection) as writer:
        await writer.add({"a": 1.5}, 1, device_id=device_id)
        await writer.add_columns([2, 3], {"a": [2.5, 3.5]}, device_id=device_id)
    assert (server.levels, [batch.device_id for batch in server.batches]) == ([[1.5, 2.5, 3.5]], [device_id])


@pytest.mark.parametrize("device_id", [-1, LARGEST_DEVICE_ID + 1])
async def test_a_device_id_that_no_device_has_is_rejected_before_anything_is_added(device_id: int) -> None:
    async with TelemetryWriter(NOBODY) as writer:
        with pytest.raises(ValueError, match=f"between 0 and {LARGEST_DEVICE_ID}"):
            await writer.add({"a": 1.5}, 1, device_id=device_id)
        with pytest.raises(ValueError, match=f"between 0 and {LARGEST_DEVICE_ID}"):
            await writer.add_columns([1], {"a": [1.5]}, device_id=device_id)


async def test_batches_end_at_their_limit_and_rows_keep_their_order() -> None:
    server = Server()
    limits = BatchLimits(rows=3, age=3_600.0)
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection, batch=limits) as writer:
        for level in range(4):
            await writer.add({"a": float(level)}, level)
        await writer.add_columns([4, 5], {"a": [4.0, 5.0]})
        await writer.add({"a": 6.0}, 6)
        await writer.send(batch(7.0, 8.0, 9.0, 10.0))
        await writer.add({"a": 11.0}, 11)
    assert server.levels == [[0, 1, 2], [3, 4, 5], [6], [7, 8, 9, 10], [11]]
    assert [batch.sequence for batch in server.batches] == [1, 2, 3, 4, 5]


async def test_the_queue_counts_ended_batches_only() -> None:
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, batch=BatchLimits(rows=2, age=3_600.0)).open()
        await writer.add({"a": 1.5}, 1)
        assert (writer.queued_rows, writer.queued_bytes) == (0, 0)
        await writer.add({"a": 1.5}, 2)
        assert (writer.queued_rows, writer.queued_bytes > 0) == (2, True)
        with pytest.raises(ServerError):
            await writer.close(0)
    assert own_tasks() == []


async def test_send_waits_while_a_window_of_batches_is_in_the_queue() -> None:
    server = Server()
    server.may_answer.clear()
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection, window=2) as writer:
        await writer.send(batch(1.5))
        await writer.send(batch(2.5))
        third = asyncio.create_task(writer.send(batch(3.5)))
        assert await pending(third)
        server.may_answer.set()
        await third
    assert server.levels == [[1.5], [2.5], [3.5]]


async def test_a_flush_sends_the_open_batch_and_waits_for_its_acknowledgement() -> None:
    server = Server()
    server.may_answer.clear()
    async with (
        connected(DESCRIPTOR, server.methods) as connection,
        TelemetryWriter(connection, batch=SLOW) as writer,
    ):
        await writer.flush()
        await writer.add({"a": 1.5}, 1)
        flushing = asyncio.create_task(writer.flush())
        assert await server.arrived.get() == 1
        assert await pending(flushing)
        server.may_answer.set()
        await flushing
        assert writer.queued_rows == 0


async def test_a_flush_does_not_wait_for_what_is_added_later() -> None:
    server = Server()
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection, batch=SLOW) as writer:
        await writer.add({"a": 1.5}, 1)
        await writer.flush()
        await writer.add({"a": 2.5}, 2)
        await asyncio.wait_for(writer.flush(), PATIENCE)
        await writer.add({"a": 3.5}, 3)
        server.may_answer.clear()
        assert server.levels == [[1.5], [2.5]]
        server.may_answer.set()


@pytest.mark.parametrize(("deadline", "text"), [(0, "0"), (0.01, "0.01")])
async def test_a_flush_that_takes_too_long_states_its_deadline(deadline: float, text: str) -> None:
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY).open()
        await writer.add({"a": 1.5}, 1)
        with pytest.raises(ServerError, match=f"Not everything was acknowledged within {text} s") as late:
            await writer.flush(deadline)
        assert (late.value.code, late.value.retryable) == (StatusCode.DEADLINE_EXCEEDED, True)
        # The writer goes on.
        await writer.add({"a": 2.5}, 2)
        with pytest.raises(ServerError, match=f"within {text} s"):
            await writer.close(deadline)
        assert own_tasks() == []
        await writer.close()
        with pytest.raises(RuntimeError, match="not open"):
            await writer.add({"a": 2.5}, 2)


@pytest.mark.parametrize("call", ["flush", "close"])
async def test_a_deadline_names_the_cause_of_the_last_interruption(call: str) -> None:
    interrupted = asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, on_interrupted=lambda *_: interrupted.set()).open()
        await interrupted.wait()
        await writer.add({"a": 1.5}, 1)
        late = r"acknowledged within 0\.01 s\. The last attempt failed: 127\.0\.0\.1:1 is out of reach: .*Connection refused"
        with pytest.raises(ServerError, match=late):
            await getattr(writer, call)(0.01)
        with suppress(ServerError):
            await writer.close(0)


@pytest.mark.usefixtures("short_pauses")
async def test_a_deadline_does_not_name_an_interruption_from_before_an_acknowledgement() -> None:
    interrupted = asyncio.Event()
    server = Server(StatusCode.UNAVAILABLE)
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(connection, on_interrupted=lambda *_: interrupted.set()).open()
        await writer.send(batch(1.5))
        await interrupted.wait()
        server.error = None
        await writer.flush()
        server.may_answer.clear()
        await writer.send(batch(2.5))
        with pytest.raises(ServerError) as late:
            await writer.close(0.01)
        assert late.value.message == "Not everything was acknowledged within 0.01 s."


async def use(writer: TelemetryWriter, call: str) -> None:
    """Call one of the methods that add rows."""
    if call == "add":
        await writer.add({"a": 1.5}, 1)
    elif call == "add_columns":
        await writer.add_columns([1], {"a": [1.5]})
    else:
        await writer.send(batch(1.5))


CALLS = pytest.mark.parametrize("call", ["add", "add_columns", "send"])


@CALLS
async def test_a_writer_takes_rows_only_while_it_is_open(call: str) -> None:
    server = Server()
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = TelemetryWriter(connection)
        with pytest.raises(RuntimeError, match="The writer is not open"):
            await use(writer, call)
        async with writer:
            await use(writer, call)
        with pytest.raises(RuntimeError, match="The writer is not open"):
            await use(writer, call)
    assert server.levels == [[1.5]]


@CALLS
async def test_callers_get_the_error_that_ended_the_writer(call: str) -> None:
    server = Server(StatusCode.NOT_FOUND)
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(connection, batch=ONE_ROW).open()
        await writer.send(batch(1.5))
        with pytest.raises(ServerError, match="wrong"):
            await writer.flush()
        with pytest.raises(ServerError, match="wrong") as raised:
            await use(writer, call)
        assert raised.value.code is StatusCode.NOT_FOUND
        with pytest.raises(ServerError, match="wrong"):
            await writer.close()
    assert own_tasks() == []


async def test_rows_of_the_open_batch_are_part_of_the_error_of_a_flush() -> None:
    server = Server(StatusCode.NOT_FOUND)
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(connection, batch=SLOW).open()
        await writer.send(batch(1.5))
        await writer.add({"a": 2.5}, 2)
        with pytest.raises(ServerError, match="wrong"):
            await writer.flush()
        with pytest.raises(ServerError, match="wrong"):
            await writer.flush()
        with pytest.raises(ServerError, match="wrong"):
            await writer.close()


async def test_an_error_about_a_batch_ends_the_writer_of_a_caller_that_divides_batches() -> None:
    rejected = list[Rejection]()
    server = Server(StatusCode.INVALID_ARGUMENT)
    async with connected(DESCRIPTOR, server.methods) as connection:
        async with TelemetryWriter(connection, on_rejected=rejected.append) as writer:
            await writer.send(batch(1.5))
        assert [(one.sequence, one.count) for one in rejected] == [(1, 1)]
        writer = await TelemetryWriter(connection, on_rejected=rejected.append, gives_up_batches=False).open()
        await writer.send(batch(1.5))
        with pytest.raises(ServerError, match="wrong"):
            await writer.close()
    assert len(rejected) == 1


async def test_an_exception_in_the_block_ends_the_writer_without_waiting() -> None:
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(ZeroDivisionError):
            async with TelemetryWriter(NOBODY) as writer:
                await writer.add({"a": 1.5}, 1)
                raise ZeroDivisionError
    assert own_tasks() == []


async def test_interruptions_are_reported() -> None:
    interrupted, errors = asyncio.Event(), list[ServerError]()

    def record(error: ServerError, _pause: float) -> None:
        errors.append(error)
        interrupted.set()

    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, connect_timeout=2.0, on_interrupted=record).open()
        await interrupted.wait()
        await writer.close()
    assert errors[0].code is StatusCode.UNAVAILABLE


def full(rows: int) -> int:
    """The limit of a queue that has room for this number of batches of one row."""
    return rows * (len(batch(1.5).SerializeToString()) + len(TelemetryBatch(sequence=1).SerializeToString()))


@CALLS
@pytest.mark.parametrize("on_disk", [False, True])
async def test_a_full_queue_refuses_rows_and_a_flush_waits_for_room(call: str, on_disk: bool, tmp_path: Path) -> None:
    server = Server()
    server.may_answer.clear()
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(
            connection, folder=tmp_path if on_disk else None, limit=full(1), policy=Policy.REFUSE, batch=ONE_ROW
        ).open()
        await use(writer, call)
        with pytest.raises(ServerError, match=f"The queue holds {full(1)} bytes") as refused:
            await use(writer, call)
        assert (refused.value.reason, writer.queued_rows) == ("QUEUE_FULL", 1)
        closing = asyncio.create_task(writer.close())
        assert await pending(closing)
        server.may_answer.set()
        await closing
    # The row that was refused is in the open batch; a batch of the caller is not.
    assert len(server.batches) == (1 if call == "send" else 2)


async def test_a_full_queue_is_tried_again_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 3_600.0)
    server = Server()
    server.may_answer.clear()
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(connection, limit=full(1), policy=Policy.REFUSE, batch=ONE_ROW).open()
        await writer.add({"a": 1.5}, 1)
        with pytest.raises(ServerError, match="The queue holds"):
            await writer.add({"a": 2.5}, 2)
        server.may_answer.set()
        with pytest.raises(ServerError, match="acknowledged within"):
            await writer.close(0.05)


async def test_what_a_full_queue_drops_is_reported() -> None:
    dropped = list[tuple[int, DropReason]]()
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(
            NOBODY,
            limit=full(1),
            policy=Policy.DROP_NEWEST,
            batch=ONE_ROW,
            on_dropped=lambda rows, reason: dropped.append((rows, reason)),
        ).open()
        for number in range(3):
            await writer.add({"a": 1.5}, number)
        with pytest.raises(ServerError):
            await writer.close(0)
    assert dropped == [(1, DropReason.QUEUE_FULL)] * 2


async def test_a_caller_that_waits_for_room_gets_the_error_that_ends_the_writer() -> None:
    server = Server(StatusCode.NOT_FOUND)
    server.may_answer.clear()
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = await TelemetryWriter(connection, limit=full(1), batch=ONE_ROW).open()
        await writer.add({"a": 1.5}, 1)
        waiting = asyncio.create_task(writer.add({"a": 2.5}, 2))
        assert await pending(waiting)
        server.may_answer.set()
        with pytest.raises(ServerError, match="wrong"):
            await waiting
        with pytest.raises(ServerError, match="wrong"):
            await writer.close()


async def test_a_caller_that_waits_for_room_when_the_writer_is_closed_learns_of_it() -> None:
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, limit=full(1), batch=ONE_ROW).open()
        await writer.add({"a": 1.5}, 1)
        waiting = asyncio.create_task(writer.add({"a": 2.5}, 2))
        assert await pending(waiting)
        with pytest.raises(ServerError):
            await writer.close(0)
        with pytest.raises(RuntimeError, match="not open"):
            await waiting


async def test_a_queue_on_disk_is_sent_by_the_next_writer(tmp_path: Path) -> None:
    server = Server()
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, folder=str(tmp_path / "queue"), batch=ONE_ROW).open()
        for number in range(3):
            await writer.add({"a": float(number)}, number)
        with pytest.raises(ServerError):
            await writer.close(0)
    async with connected(DESCRIPTOR, server.methods) as connection:
        async with TelemetryWriter(connection, folder=tmp_path / "queue") as writer:
            assert (writer.queued_rows, writer.queued_bytes > 0) == (3, True)
            await writer.add({"a": 3.0}, 3)
        assert (server.levels, [one.sequence for one in server.batches]) == ([[0], [1], [2], [3]], [1, 2, 3, 4])
        # Its acknowledgements are in the folder when the writer is closed.
        async with TelemetryWriter(connection, folder=tmp_path / "queue") as writer:
            assert writer.queued_rows == 0


def damage(folder: Path, segments: int) -> None:
    """Segments of a record with a wrong checksum and another one after it."""
    folder.mkdir()
    payload = TelemetryBatch(sequence=1, timestamps=[1]).SerializeToString()
    record = struct.pack("<II", len(payload), zlib.crc32(payload) ^ 1) + payload
    for number in range(1, segments + 1):
        (folder / f"{number:020d}.batches").write_bytes(record * 2)


@pytest.mark.parametrize("segments", [0, 1, 2])
async def test_each_damaged_segment_is_reported_when_the_folder_is_opened(tmp_path: Path, segments: int) -> None:
    damage(tmp_path / "queue", segments)
    dropped = list[tuple[int, DropReason]]()
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(
            NOBODY, folder=tmp_path / "queue", on_dropped=lambda rows, reason: dropped.append((rows, reason))
        ).open()
        await writer.close()
    assert dropped == [(0, DropReason.DAMAGED)] * segments


def remove(segment: Path) -> None:
    segment.unlink()


def cut(segment: Path) -> None:
    os.truncate(segment, 0)


def cut_short(segment: Path) -> None:
    os.truncate(segment, segment.stat().st_size - 1)


def change(segment: Path) -> None:
    content = bytearray(segment.read_bytes())
    content[-1] ^= 1
    segment.write_bytes(content)


@pytest.mark.parametrize("harm", [remove, cut, cut_short, change])
async def test_a_batch_that_the_disk_no_longer_has_is_reported(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    dropped, server = list[tuple[int, DropReason]](), Server()
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, folder=tmp_path, batch=SLOW).open()
        await writer.send(batch(1.5, 2.5))
        with pytest.raises(ServerError):
            await writer.close(0)
    async with connected(DESCRIPTOR, server.methods) as connection:
        writer = TelemetryWriter(
            connection, folder=tmp_path, on_dropped=lambda rows, reason: dropped.append((rows, reason))
        )
        opening: Awaitable[TelemetryWriter] = writer.open()
        await opening
        for segment in tmp_path.glob("*.batches"):
            harm(segment)
        await writer.send(batch(3.5))
        await writer.close()
    assert (dropped, server.levels) == ([(2, DropReason.DAMAGED)], [[3.5]])


@pytest.mark.parametrize("harm", [remove, cut])
async def test_rows_after_a_damage_of_the_segment_that_is_written_are_kept(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    server = Server()
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, folder=tmp_path, batch=ONE_ROW).open()
        await writer.send(batch(1.5))
        (segment,) = tmp_path.glob("*.batches")
        harm(segment)
        await writer.send(batch(2.5))
        await writer.send(batch(3.5))
        with pytest.raises(ServerError):
            await writer.close(0)
    async with connected(DESCRIPTOR, server.methods) as connection, TelemetryWriter(connection, folder=tmp_path):
        pass
    assert server.levels == [[2.5], [3.5]]


async def test_rows_that_a_full_disk_refuses_stay_in_the_open_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    server = Server()
    limits = BatchLimits(rows=2, age=3_600.0)
    async with (
        connected(DESCRIPTOR, server.methods) as connection,
        TelemetryWriter(connection, folder=tmp_path, policy=Policy.REFUSE, batch=limits) as writer,
    ):
        await writer.add({"a": 1.5}, 1)
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", fail)
            with pytest.raises(ServerError, match="The disk did not take the batch"):
                await writer.add({"a": 2.5}, 2)
    assert server.levels == [[1.5, 2.5]]


async def test_a_flush_after_the_end_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        writer = TelemetryWriter(NOBODY, folder=tmp_path, batch=SLOW)
        with pytest.raises(ZeroDivisionError):
            async with writer:
                await writer.add({"a": 1.5}, 1)
                raise ZeroDivisionError
        with pytest.raises(RuntimeError, match="not open"):
            await writer.flush()


async def test_a_folder_that_is_in_use_is_an_error_and_the_writer_can_be_closed(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), TelemetryWriter(NOBODY, folder=tmp_path):
        other = TelemetryWriter(NOBODY, folder=tmp_path)
        with pytest.raises(ServerError, match="Another writer uses the queue"):
            await other.open()


@pytest.mark.parametrize("policy", [policy for policy in Policy if policy is not Policy.REFUSE])
async def test_a_writer_with_the_clock_of_the_server_waits_for_it_or_refuses(policy: Policy) -> None:
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(NOBODY, clock=ServerClock(), batch=ONE_ROW, policy=Policy.REFUSE).open()
        with pytest.raises(ServerError, match="time is not known yet"):
            await writer.add({"a": 1.5})
        with pytest.raises(ServerError):
            await writer.close(0)
        writer = await TelemetryWriter(NOBODY, clock=ServerClock(), batch=ONE_ROW, policy=policy).open()
        waiting = asyncio.create_task(writer.add({"a": 1.5}))
        assert await pending(waiting)
        waiting.cancel()
        with pytest.raises(ServerError):
            await writer.close(0)
    assert own_tasks() == []


@pytest.mark.parametrize("limits", [ONE_ROW, BatchLimits(age=0.0)], ids=["full", "aged"])
async def test_a_writer_that_ends_before_it_knows_the_time_tells_why(limits: BatchLimits) -> None:
    async def refuse(_request: Any, context: Any) -> None:
        await context.abort(StatusCode.UNAUTHENTICATED, "wrong", WRONG_KEY)

    async def refuse_stream(_batches: Any, context: Any) -> AsyncIterator[StreamTelemetryResponse]:
        await refuse(None, context)
        yield StreamTelemetryResponse()

    async with connected(DESCRIPTOR, {"StreamTelemetry": refuse_stream, "SendHeartbeat": refuse}) as connection:
        writer = await TelemetryWriter(connection, clock=ServerClock(), batch=limits).open()
        with pytest.raises(ServerError, match="WRONG_KEY"):
            await writer.add({"a": 1.5})
            await writer.flush()
        with pytest.raises(ServerError, match="WRONG_KEY"):
            await writer.close()
    assert own_tasks() == []


async def test_a_sender_runs_while_its_caller_does_nothing_but_add_rows() -> None:
    acknowledged, most = list[int](), 100_000
    server = Server()
    async with (
        connected(DESCRIPTOR, server.methods) as connection,
        TelemetryWriter(connection, batch=BatchLimits(rows=10), on_acknowledged=acknowledged.append) as writer,
    ):
        added = 0
        while not acknowledged and added < most:
            await writer.add({"a": 1.5}, added)
            added += 1
        assert added < most


async def test_a_writer_whose_connection_is_the_callers_leaves_its_key(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), Connection(NOBODY, api_key="mine") as connection:
        writer = await TelemetryWriter(connection, api_key="other", folder=tmp_path).open()
        await writer.close()
        assert connection.metadata == (("x-api-key", "mine"),)
