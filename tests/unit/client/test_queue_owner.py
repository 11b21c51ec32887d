"""The batches of a folder are sent with the key of their device only, because another key would store them as its device's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from iotflow.batcher import BatchLimits
from iotflow.batches import encode_batch
from iotflow.connection import Connection
from iotflow.disk_store import DiskStore
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatRequest, SendHeartbeatResponse
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import DESCRIPTOR, StreamTelemetryResponse
from iotflow.writer import TelemetryWriter
from tests.support.scripted_server import WRONG_KEY, key_of, reason_details, serving

pytestmark = pytest.mark.usefixtures("loop_of_the_module", "short_pauses")

PATIENCE = 10.0
NOBODY = "127.0.0.1:1"
DEVICES = {"seven": 7, "seven-again": 7, "eight": 8}
SLOW = BatchLimits(age=3_600.0)


class Server:
    """Knows keys of two devices. stored: (key, time) of each row. asked: the keys of the questions. opened: those of the streams.

    break_at: a time at which the stream breaks once. refused: keys that StreamTelemetry no longer takes. answers: errors of the
    next questions.
    """

    def __init__(self) -> None:
        self.stored: list[tuple[str, int]] = []
        self.asked: list[str] = []
        self.opened: asyncio.Queue[str] = asyncio.Queue()
        self.break_at: int | None = None
        self.refused = set[str]()
        self.answers: list[tuple[StatusCode, Any]] = []

    @property
    def methods(self) -> dict[str, Callable[..., Any]]:
        return {"StreamTelemetry": self.stream, "SendHeartbeat": self.heartbeat}

    async def stream(
        self, batches: AsyncIterator[TelemetryBatch], context: Any
    ) -> AsyncIterator[StreamTelemetryResponse]:
        key = key_of(context)
        if key in self.refused:
            await context.abort(StatusCode.UNAUTHENTICATED, "wrong", WRONG_KEY)
        self.opened.put_nowait(key)
        await context.send_initial_metadata(())
        async for batch in batches:
            if self.break_at in batch.timestamps:
                self.break_at = None
                await context.abort(StatusCode.UNAVAILABLE, "away")
            self.stored += [(key, time) for time in batch.timestamps]
            yield StreamTelemetryResponse(committed_sequence=batch.sequence)

    async def heartbeat(self, _request: SendHeartbeatRequest, context: Any) -> SendHeartbeatResponse:
        self.asked.append(key_of(context))
        if self.answers:
            code, details = self.answers.pop(0)
            await context.abort(code, "no answer", details)
        return SendHeartbeatResponse(device_id=DEVICES[key_of(context)])


def batch(time: int, **options: Any) -> TelemetryBatch:
    return encode_batch([time], {"level": [1.5]}, **options)


async def leave(folder: Path, *times: int, target: str | Connection = NOBODY, **options: Any) -> None:
    """Put batches into the folder, of a writer that is closed before they are sent."""
    async with asyncio.timeout(PATIENCE):
        writer = await TelemetryWriter(target, folder=folder, **options).open()
        for time in times:
            await writer.send(batch(time))
        with suppress(ServerError):
            await writer.close(0)


async def send(target: str | Connection, folder: Path | None, *times: int, **options: Any) -> None:
    """Send batches, after those that are in the folder."""
    async with asyncio.timeout(PATIENCE), TelemetryWriter(target, folder=folder, batch=SLOW, **options) as writer:
        for time in times:
            await writer.send(batch(time))


async def waiting(folder: Path) -> list[int]:
    """The sequences that are in the folder."""
    store = await DiskStore.open(folder, 2**20)
    await store.close()
    return [entry.sequence for entry in store.entries]


async def test_batches_of_another_device_are_kept_until_its_key_is_back(tmp_path: Path) -> None:
    server, folder = Server(), tmp_path / "queue"
    async with serving(DESCRIPTOR, server.methods) as address:
        await send(address, folder, 1, api_key="seven")
        assert (folder / "device").read_bytes() == b"7\n"
        await leave(folder, 2, 3)
        with pytest.raises(ServerError, match=f"{folder} has batches of device 7, .* that of device 8") as raised:
            await send(address, folder, 4, api_key="eight")
        error = raised.value
        assert (error.code, error.reason) == (StatusCode.FAILED_PRECONDITION, "QUEUE_OF_ANOTHER_DEVICE")
        assert not error.retryable
        assert (folder / "device").read_bytes() == b"7\n"
        assert server.stored == [("seven", 1)]
        await send(address, folder, api_key="seven-again")
    assert server.stored[:3] == [("seven", 1), ("seven-again", 2), ("seven-again", 3)]


async def test_a_key_of_another_device_from_the_handler_stops_the_writer(tmp_path: Path) -> None:
    async def answer(_error: ServerError) -> str:
        return "eight"

    server = Server()
    async with (
        serving(DESCRIPTOR, server.methods) as address,
        Connection(address, api_key="seven", on_credential_wanted=answer) as connection,
    ):
        writer = await TelemetryWriter(connection, folder=tmp_path).open()
        await writer.send(batch(1))
        await writer.flush()
        server.break_at, server.refused = 2, {"seven"}
        await writer.send(batch(2))
        with pytest.raises(ServerError, match="QUEUE_OF_ANOTHER_DEVICE"):
            await writer.close()
    assert (server.stored, server.asked) == ([("seven", 1)], ["seven", "eight"])
    assert await waiting(tmp_path) == [2]


async def test_a_stream_without_batches_does_not_forget_whose_the_next_ones_are(tmp_path: Path) -> None:
    asked, may_answer, server = asyncio.Event(), asyncio.Event(), Server()

    async def answer(_error: ServerError) -> str:
        asked.set()
        await may_answer.wait()
        return "eight"

    async with (
        serving(DESCRIPTOR, server.methods) as address,
        Connection(address, api_key="seven", on_credential_wanted=answer) as connection,
    ):
        writer = await TelemetryWriter(connection, folder=tmp_path).open()
        await writer.send(batch(1))
        await writer.flush()
        server.refused = {"seven"}
        await (await connection.ready()).close()
        await asked.wait()
        await writer.send(batch(2))
        may_answer.set()
        with pytest.raises(ServerError, match="QUEUE_OF_ANOTHER_DEVICE"):
            await writer.close()
    assert server.stored == [("seven", 1)]


async def test_a_folder_without_batches_takes_those_of_another_device(tmp_path: Path) -> None:
    """Also where they are in the folder before the server tells whose key it is."""
    server = Server()
    async with serving(DESCRIPTOR, server.methods) as address:
        await send(address, tmp_path, 1, api_key="seven")
    async with asyncio.timeout(PATIENCE), Connection(NOBODY, api_key="eight") as away:
        interrupted = asyncio.Event()
        writer = await TelemetryWriter(away, folder=tmp_path, on_interrupted=lambda *_: interrupted.set()).open()
        await writer.send(batch(2))
        await interrupted.wait()
        async with serving(DESCRIPTOR, server.methods) as address:
            away._target = address
            await writer.close()
    assert server.stored == [("seven", 1), ("eight", 2)]
    assert (tmp_path / "device").read_bytes() == b"8\n"


async def test_a_writer_without_batches_may_get_the_key_of_another_device(tmp_path: Path) -> None:
    server = Server()
    async with (
        serving(DESCRIPTOR, server.methods) as address,
        Connection(address, api_key="seven") as connection,
        TelemetryWriter(connection, folder=tmp_path) as writer,
    ):
        await writer.send(batch(1))
        await writer.flush()
        connection.use_key("eight")
        await (await connection.ready()).close()
        while await server.opened.get() != "eight":
            pass
        await writer.send(batch(2))
    assert server.stored == [("seven", 1), ("eight", 2)]
    assert (tmp_path / "device").read_bytes() == b"8\n"


async def test_the_server_is_asked_once_about_a_key(tmp_path: Path) -> None:
    server = Server()
    async with (
        serving(DESCRIPTOR, server.methods) as address,
        Connection(address, api_key="seven") as connection,
    ):
        for first in (1, 4):
            server.break_at = first + 1
            await send(connection, tmp_path, first, first + 1, first + 2)
        assert server.asked == ["seven"]
        connection.use_key("seven-again")
        await send(connection, tmp_path, 7)
        assert server.asked == ["seven", "seven-again"]
    assert [time for _, time in server.stored] == list(range(1, 8))


async def test_the_server_is_not_asked_where_no_batch_could_be_anothers(tmp_path: Path) -> None:
    server = Server()
    async with serving(DESCRIPTOR, server.methods) as address:
        # A queue in memory; a token, which is of no device; batches that name their device or devices.
        await send(address, None, 1, api_key="seven")
        await send(address, tmp_path / "token", 2, token="t")
        async with TelemetryWriter(address, api_key="eight", folder=tmp_path / "named") as writer:
            await writer.send(batch(3, device_id=9))
            await writer.send(TelemetryBatch(timestamps=[4], device_ids=[9]))
        # Nothing is to be sent.
        await send(address, tmp_path / "empty", api_key="seven")
    assert [time for _, time in server.stored] == [1, 2, 3, 4]
    assert server.asked == []
    assert not list(tmp_path.glob("*/device"))


@pytest.mark.parametrize("content", [b"", b"7", b"7\n7\n", b"seven\n", b"0\n", b"-7\n", b"9999999999\n", b"7" * 10_000])
async def test_a_damaged_file_names_no_device(tmp_path: Path, content: bytes) -> None:
    server = Server()
    await leave(tmp_path, 1)
    (tmp_path / "device").write_bytes(content)
    async with serving(DESCRIPTOR, server.methods) as address:
        await send(address, tmp_path, api_key="eight")
    assert server.stored == [("eight", 1)]
    assert (tmp_path / "device").read_bytes() == b"8\n"


async def test_a_question_without_an_answer_is_asked_again(tmp_path: Path) -> None:
    interruptions, server = list[StatusCode](), Server()
    server.answers = [(StatusCode.UNAVAILABLE, ()), (StatusCode.UNAUTHENTICATED, ())]
    async with serving(DESCRIPTOR, server.methods) as address:
        await send(
            address, tmp_path, 1, api_key="seven", on_interrupted=lambda error, _: interruptions.append(error.code)
        )
    assert interruptions == [StatusCode.UNAVAILABLE, StatusCode.UNAUTHENTICATED]
    assert (server.stored, len(server.asked)) == ([("seven", 1)], 3)


async def test_a_key_that_the_question_shows_to_be_wrong_is_replaced(tmp_path: Path) -> None:
    async def answer(_error: ServerError) -> str:
        return "seven-again"

    server = Server()
    server.answers = [(StatusCode.UNAUTHENTICATED, WRONG_KEY)]
    async with serving(DESCRIPTOR, server.methods) as address:
        await send(address, tmp_path, 1, api_key="seven", on_credential_wanted=answer)
    assert (server.stored, server.asked) == ([("seven-again", 1)], ["seven", "seven-again"])


@pytest.mark.parametrize("code", [StatusCode.INVALID_ARGUMENT, StatusCode.RESOURCE_EXHAUSTED])
async def test_an_error_of_the_question_is_not_about_a_batch(tmp_path: Path, code: StatusCode) -> None:
    rejected, server = list[Any](), Server()
    server.answers = [(code, reason_details("A_REASON"))]
    async with serving(DESCRIPTOR, server.methods) as address:
        with pytest.raises(ServerError, match="no answer"):
            await send(address, tmp_path, 1, api_key="seven", on_rejected=rejected.append)
    assert (rejected, server.stored) == ([], [])
    assert await waiting(tmp_path) == [1]


async def test_a_server_that_does_not_tell_whose_key_it_is_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_request: SendHeartbeatRequest, _context: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("iotflow.queue_owner._ANSWER_SECONDS", 0.05)
    server, interrupted = Server(), asyncio.Event()
    async with serving(DESCRIPTOR, {**server.methods, "SendHeartbeat": never}) as address:
        writer = TelemetryWriter(address, folder=tmp_path, on_interrupted=lambda *_: interrupted.set())
        await writer.open()
        await writer.send(batch(1))
        await interrupted.wait()
        with pytest.raises(ServerError, match="Deadline Exceeded"):
            await writer.close(0.01)
    assert server.stored == []


async def test_a_disk_without_room_for_the_device_does_not_stop_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("iotflow.queue_state.store_device", fail)
    server = Server()
    async with serving(DESCRIPTOR, server.methods) as address:
        await send(address, tmp_path, 1, api_key="seven")
    assert server.stored == [("seven", 1)]
