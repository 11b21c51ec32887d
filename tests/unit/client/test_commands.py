"""Commands to a device: each is handed to a handler once, and answered with its result."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from iotflow.commands import REMEMBERED, Command, CommandReceiver
from iotflow.device import ignore
from iotflow.errors import ServerError
from iotflow.outbox import MOST_RESULTS
from iotflow.v1.device_service_pb2 import DESCRIPTOR, StreamCommandsRequest, StreamCommandsResponse
from tests.support.scripted_server import connected, key_of

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

END = StreamCommandsResponse()


def command(number: int, name: str = "work", **parameters: Any) -> StreamCommandsResponse:
    response = StreamCommandsResponse()
    response.command.id, response.command.name = number, name
    response.command.parameters.update(parameters)
    return response


def receipt(number: int, reason: str = "", *, retryable: bool = False) -> StreamCommandsResponse:
    response = StreamCommandsResponse()
    response.receipt.command_id, response.receipt.reason, response.receipt.retryable = number, reason, retryable
    response.receipt.message = f"message of {reason}"
    return response


class Commands:
    """StreamCommands: sends what the test puts, END ends a stream. The test takes the results: (id, state, result)."""

    def __init__(self) -> None:
        self._to_send: asyncio.Queue[StreamCommandsResponse] = asyncio.Queue()
        self._results: asyncio.Queue[StreamCommandsRequest] = asyncio.Queue()
        self.keys: list[str] = []
        self.end: grpc.StatusCode | None = None
        self.is_open = asyncio.Event()
        self.has_ended = asyncio.Event()

    def send(self, *responses: StreamCommandsResponse) -> None:
        for response in responses:
            self._to_send.put_nowait(response)

    async def result(self) -> tuple[int, str, Any]:
        request = await self._results.get()
        return request.command_id, request.state, json_format.MessageToDict(request.result)

    async def stream(
        self, requests: AsyncIterator[StreamCommandsRequest], context: Any
    ) -> AsyncIterator[StreamCommandsResponse]:
        self.keys.append(key_of(context))
        self.is_open.set()
        receiving = asyncio.create_task(self._receive(requests))
        try:
            while (response := await self._to_send.get()) is not END:
                yield response
            if self.end:
                await context.abort(self.end, "away")
        finally:
            receiving.cancel()
            self.has_ended.set()

    async def _receive(self, requests: AsyncIterator[StreamCommandsRequest]) -> None:
        async for request in requests:
            self._results.put_nowait(request)


class Handler:
    """Answers commands with their parameters. handled: the commands."""

    def __init__(self) -> None:
        self.handled: list[Command] = []

    async def __call__(self, received: Command) -> Mapping[str, Any] | None:
        self.handled.append(received)
        return received.parameters or None

    @property
    def ids(self) -> list[int]:
        return [received.id for received in self.handled]


@asynccontextmanager
async def receiving(
    commands: Commands, handler: Any, on_interrupted: Any = ignore
) -> AsyncIterator[asyncio.Task[None]]:
    """A receiver that runs. It is cancelled at the end of the block."""
    async with connected(DESCRIPTOR, {"StreamCommands": commands.stream}) as connection:
        running = asyncio.create_task(CommandReceiver(connection, handler, on_interrupted).run())
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_commands_are_handled_in_their_order_and_answered_with_their_results() -> None:
    commands, handler = Commands(), Handler()
    async with receiving(commands, handler):
        commands.send(command(5, "set", rate=2.5, tags=["a"]), command(3, "reboot"))
        assert await commands.result() == (5, "succeeded", {"rate": 2.5, "tags": ["a"]})
        assert await commands.result() == (3, "succeeded", {})
    assert handler.handled == [Command(5, "set", {"rate": 2.5, "tags": ["a"]}), Command(3, "reboot", {})]
    assert commands.keys == ["key"]


class NeverNamed(Exception):
    """Has no message."""


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (ValueError("no such valve"), "no such valve"),
        (NeverNamed(), "NeverNamed"),
        # A file's name that is not UTF-8.
        (OSError("cannot open \udcff.bin"), "cannot open ?.bin"),
        # What the handler waited for was cancelled, not the handler.
        (asyncio.CancelledError(), "CancelledError"),
    ],
)
async def test_a_command_fails_with_the_message_of_its_handlers_exception(failure: BaseException, message: str) -> None:
    async def fail(received: Command) -> None:
        if received.id == 1:
            raise failure

    commands = Commands()
    async with receiving(commands, fail):
        commands.send(command(1), command(2))
        assert await commands.result() == (1, "failed", {"error": message})
        assert await commands.result() == (2, "succeeded", {})


@pytest.mark.parametrize(
    "result",
    [
        {"a": object()},
        {1: "no text"},
        [1],
        {"text": "\udcff"},
        {"a": math.nan},
        {"a": [{"b": -math.inf}]},
        # Larger than the server takes, and than a message of gRPC may be.
        {"a": "x" * 65_536},
        # The server counts escapes.
        {"a": "\u00fc" * 11_000},
        {"a": "x" * 5_000_000},
    ],
    ids=lambda result: str(result)[:30],
)
async def test_a_command_fails_whose_result_is_no_json_object(result: Any) -> None:
    async def answer(_received: Command) -> Any:
        return {"a": "b", **result} if isinstance(result, dict) else result

    commands = Commands()
    async with receiving(commands, answer):
        commands.send(command(1))
        number, state, error = await commands.result()
        assert (number, state, list(error)) == (1, "failed", ["error"])


async def test_a_result_may_have_as_many_bytes_as_the_server_takes() -> None:
    largest = {"a": "x" * (65_536 - len('{"a":""}'))}

    async def answer(_received: Command) -> Any:
        return largest

    commands = Commands()
    async with receiving(commands, answer):
        commands.send(command(1))
        assert await commands.result() == (1, "succeeded", largest)


@pytest.mark.parametrize("number", [math.nan, math.inf])
async def test_a_command_fails_whose_parameters_json_cannot_express(number: float) -> None:
    commands, handler = Commands(), Handler()
    async with receiving(commands, handler):
        commands.send(command(1, level=number), command(2))
        failed, state, result = await commands.result()
        assert (failed, state, list(result)) == (1, "failed", ["error"])
        assert (await commands.result())[:2] == (2, "succeeded")
    assert handler.ids == [2]


async def test_a_long_message_of_an_exception_is_shortened() -> None:
    async def fail(_received: Command) -> None:
        raise ValueError("x" * 5_000_000)

    commands = Commands()
    async with receiving(commands, fail):
        commands.send(command(1))
        assert await commands.result() == (1, "failed", {"error": "x" * 4_096})


async def test_a_command_that_comes_again_is_answered_with_the_result_that_it_has() -> None:
    commands, handler = Commands(), Handler()
    async with receiving(commands, handler):
        for rate in (1, 2):
            commands.send(command(1, rate=rate))
            assert await commands.result() == (1, "succeeded", {"rate": 1.0})
    assert handler.ids == [1]


@pytest.mark.usefixtures("short_pauses")
async def test_a_command_that_comes_again_while_it_is_handled_is_answered_once() -> None:
    began, interrupted, may_end, handler = asyncio.Event(), asyncio.Event(), asyncio.Event(), Handler()

    async def wait(received: Command) -> Any:
        began.set()
        await may_end.wait()
        return await handler(received)

    commands = Commands()
    async with receiving(commands, wait, lambda *_: interrupted.set()):
        commands.send(command(1))
        await began.wait()
        # The end of the stream shows that the repetition has arrived.
        commands.send(command(1), END)
        await interrupted.wait()
        commands.send(command(2))
        may_end.set()
        assert [(await commands.result())[0] for _ in range(2)] == [1, 2]
    assert handler.ids == [1, 2]


async def test_the_results_of_the_last_thousand_commands_are_kept() -> None:
    commands, handler = Commands(), Handler()
    assert REMEMBERED == 1_000

    async def answered(*numbers: int) -> None:
        commands.send(*map(command, numbers))
        assert [(await commands.result())[0] for _ in numbers] == list(numbers)

    async with receiving(commands, handler):
        await answered(*range(1, 1_001))
        await answered(1)
        assert handler.ids == list(range(1, 1_001))
        await answered(1_001, 2, 1)
    assert handler.ids[1_000:] == [1_001, 1]


async def test_the_result_of_a_command_that_is_still_handled_is_not_forgotten() -> None:
    """The oldest result goes, not the oldest command."""
    may_end, handler = asyncio.Event(), Handler()

    async def wait(received: Command) -> Any:
        if received.id == REMEMBERED:
            await may_end.wait()
        return await handler(received)

    commands = Commands()
    async with receiving(commands, wait):
        commands.send(*map(command, range(1, REMEMBERED + 1)))
        for _ in range(REMEMBERED - 1):
            await commands.result()
        commands.send(command(REMEMBERED + 1), command(REMEMBERED), command(2))
        assert (await commands.result())[0] == 2
        may_end.set()
        assert [(await commands.result())[0] for _ in range(2)] == [REMEMBERED, REMEMBERED + 1]
    assert handler.ids == list(range(1, REMEMBERED + 2))


@pytest.mark.usefixtures("short_pauses")
async def test_a_result_that_the_server_may_accept_later_is_sent_once_on_the_next_stream() -> None:
    commands, handler = Commands(), Handler()
    async with receiving(commands, handler):
        commands.send(command(1, rate=1))
        first = await commands.result()
        # A receipt of a command that nothing is known of has no result that could be sent again.
        commands.send(receipt(9, "LATER", retryable=True), receipt(1, "LATER", retryable=True), END)
        assert await commands.result() == first
        commands.send(receipt(1), END, command(2))
        assert (await commands.result())[0] == 2
    assert handler.ids == [1, 2]
    assert len(commands.keys) == 3


@pytest.mark.usefixtures("short_pauses")
async def test_of_many_results_to_be_sent_again_the_oldest_are_forgotten() -> None:
    """The server delivers their commands again."""
    commands, handler = Commands(), Handler()
    async with receiving(commands, handler):
        for numbers in (range(1, MOST_RESULTS + 1), range(MOST_RESULTS + 1, MOST_RESULTS + 3)):
            commands.send(*map(command, numbers))
            assert [(await commands.result())[0] for _ in numbers] == list(numbers)
            # Two receipts of one result count once.
            commands.send(*[receipt(number, "LATER", retryable=True) for number in numbers for _ in range(2)])
        commands.send(END)
        again = [(await commands.result())[0] for _ in range(MOST_RESULTS)]
        assert again == list(range(3, MOST_RESULTS + 3))
        commands.send(command(MOST_RESULTS + 3))
        assert (await commands.result())[0] == MOST_RESULTS + 3


@pytest.mark.usefixtures("short_pauses")
async def test_a_result_that_is_refused_for_good_is_logged_and_its_command_fails_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    commands, handler = Commands(), Handler()
    async with receiving(commands, handler):
        commands.send(command(1))
        await commands.result()
        commands.send(receipt(1, "WRONG_VALUE"))
        failed = (1, "failed", {"error": "message of WRONG_VALUE"})
        assert await commands.result() == failed
        commands.send(receipt(1, "COMMAND_ENDED"), END, receipt(8), command(2), command(1))
        assert (await commands.result())[0] == 2
        # As every command that comes again.
        assert await commands.result() == failed
    records = [each for each in caplog.records if each.name == "iotflow.commands"]
    assert [(each.levelno, each.message) for each in records] == [
        (logging.WARNING, f"result of command 1 rejected: message of {reason}")
        for reason in ("WRONG_VALUE", "COMMAND_ENDED")
    ]


async def test_commands_go_on_after_a_break_and_the_pauses_begin_again(short_pauses: float) -> None:
    pauses = list[tuple[str, Any]]()
    commands, handler = Commands(), Handler()
    commands.end = grpc.StatusCode.UNAVAILABLE
    async with receiving(commands, handler, lambda error, pause: pauses.append((error.message, pause))):
        commands.send(END, command(1))
        assert (await commands.result())[0] == 1
        commands.send(END, command(1), command(2))
        assert [(await commands.result())[0] for _ in range(2)] == [1, 2]
    assert handler.ids == [1, 2]
    assert pauses == [("away", pytest.approx(0.2 * short_pauses))] * 2


@pytest.mark.usefixtures("short_pauses")
async def test_a_stream_that_the_server_ends_in_order_is_opened_again() -> None:
    errors = list[ServerError]()
    commands = Commands()
    async with receiving(commands, Handler(), lambda error, _pause: errors.append(error)):
        commands.send(END, command(1))
        await commands.result()
    assert [(error.code, error.message) for error in errors] == [
        (grpc.StatusCode.UNAVAILABLE, "The server ended the stream.")
    ]


@pytest.mark.usefixtures("short_pauses")
async def test_a_result_that_is_ready_after_a_break_is_sent_on_the_next_stream() -> None:
    interrupted = asyncio.Event()

    async def wait(_received: Command) -> None:
        await interrupted.wait()

    commands = Commands()
    async with receiving(commands, wait, lambda *_: interrupted.set()):
        commands.send(command(1), END)
        assert await commands.result() == (1, "succeeded", {})


async def test_an_error_that_stays_is_raised_and_ends_the_handler() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(_received: Command) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    commands = Commands()
    commands.end = grpc.StatusCode.NOT_FOUND
    async with receiving(commands, wait) as running:
        commands.send(command(1))
        await began.wait()
        commands.send(END)
        with pytest.raises(ServerError) as raised:
            await running
        assert ended.is_set()
    assert raised.value.code is grpc.StatusCode.NOT_FOUND


async def test_a_receiver_that_is_cancelled_ends_its_handler_and_its_stream() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(_received: Command) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
            raise ValueError("cancelled") from None

    commands = Commands()
    async with receiving(commands, wait) as running:
        commands.send(command(1))
        await began.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended.is_set()
        await commands.has_ended.wait()
