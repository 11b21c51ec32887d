"""The client without asyncio passes each call on to the asynchronous client, and returns what that returns."""

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from iotflow import sync
from iotflow.commands import Command
from iotflow.sync import Client
from iotflow.v1.device_service_pb2 import SendHeartbeatResponse

PATIENCE = 5.0
LOOP_THREAD = "iotflow client"
NOW = 1_700_000_000_123
ITEMS = ["first", "second"]

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
Handler = Callable[[Command], Awaitable[object]]


class AsyncClient:
    """The asynchronous client. calls: in order. handle_commands: what it does with the handler of commands."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.handle: Callable[[Handler], Awaitable[object]] = self.wait_forever
        self.options: dict[str, Any] = {}

    def answering(self, name: str, answer: object = None) -> Callable[..., Awaitable[object]]:
        async def call(*args: object, **options: object) -> object:
            self.calls.append((name, args, options))
            return answer

        return call

    def iterating(self, name: str) -> Callable[..., AsyncIterator[str]]:
        async def items(*args: object, **options: object) -> AsyncIterator[str]:
            self.calls.append((name, args, options))
            try:
                for item in ITEMS:
                    yield item
            finally:
                self.calls.append(("end of the iterator", (), {}))

        return items

    async def handle_commands(self, handler: Handler, **options: Any) -> None:
        self.options = options
        await self.handle(handler)

    async def wait_forever(self, _: object) -> None:
        await asyncio.Event().wait()

    async def open(self) -> "AsyncClient":
        return self

    def __getattr__(self, name: str) -> Any:
        if name in ("range", "subscribe", "configurations", "pages"):
            return self.iterating(name)
        if name == "heartbeat":
            timestamp = Timestamp()
            timestamp.FromMilliseconds(NOW)
            return self.answering(name, SendHeartbeatResponse(timestamp=timestamp))
        return self.answering(name, f"answer of {name}")


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> AsyncClient:
    passed_on = AsyncClient()
    for name in ("TelemetryReader", "Device", "TelemetryWriter"):
        monkeypatch.setattr(sync, name, lambda *_, **__: passed_on)
    monkeypatch.setattr(sync, "pages", lambda _, *rest: passed_on.pages(*rest))
    monkeypatch.setattr(sync, "call", lambda _, *rest: passed_on.call(*rest))
    return passed_on


@pytest.fixture
def client(passed_on: AsyncClient) -> Iterator[Client]:
    assert passed_on.calls == []
    with Client("127.0.0.1:1") as client:
        yield client


ARGUMENTS: list[Call] = [
    ("latest", (7, ["a"]), {}),
    ("aggregate", (7, 1, 2), {"window": "1m"}),
    ("read", ([7], 1, 2), {"step": 3}),
    ("register", ("name", "type"), {"location": "hall"}),
    ("rotate", (print,), {}),
    ("call", ("stub", "method", "request", "answer"), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), ARGUMENTS, ids=[call[0] for call in ARGUMENTS])
def test_a_call_returns_the_answer_of_the_asynchronous_call(
    client: Client, passed_on: AsyncClient, name: str, args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    assert getattr(client, name)(*args, **options) == f"answer of {name}"
    assert passed_on.calls == [(name, args, options)]


def test_a_heartbeat_returns_the_time_of_the_server_in_milliseconds(client: Client, passed_on: AsyncClient) -> None:
    assert client.heartbeat("offline") == NOW
    assert passed_on.calls == [("heartbeat", ("offline",), {})]


def test_a_configuration_is_reported(client: Client, passed_on: AsyncClient) -> None:
    client.report({"a": 1})
    assert passed_on.calls == [("report", ({"a": 1},), {})]


ITERATED: list[Call] = [
    ("range", (7, 1, 2), {"page_size": 3}),
    ("subscribe", ([7],), {"since": 1}),
    ("configurations", (), {"on_interrupted": print}),
    ("pages", ("stub", "method", "request", "answer"), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), ITERATED, ids=[call[0] for call in ITERATED])
def test_an_iterator_has_the_items_of_the_asynchronous_iterator(
    client: Client, passed_on: AsyncClient, name: str, args: tuple[Any, ...], options: dict[str, Any]
) -> None:
    assert list(getattr(client, name)(*args, **options)) == ITEMS
    assert passed_on.calls == [(name, args, options), ("end of the iterator", (), {})]


def test_an_iterator_that_is_left_early_ends_the_asynchronous_iterator(client: Client, passed_on: AsyncClient) -> None:
    items: Any = client.subscribe([7])
    assert next(items) == "first"
    assert len(passed_on.calls) == 1
    items.close()
    assert passed_on.calls[1:] == [("end of the iterator", (), {})]


def test_commands_are_handled_in_the_background_and_not_in_the_thread_of_the_loop(
    client: Client, passed_on: AsyncClient
) -> None:
    results = []

    async def handle_one(handler: Handler) -> None:
        results.append(await handler(Command(1, "blink", {})))

    def handler(command: Command) -> dict[str, Any]:
        return {"name": command.name, "is_in_loop": threading.current_thread().name == LOOP_THREAD}

    passed_on.handle = handle_one
    client.start_commands(handler, on_interrupted=print).result(PATIENCE)
    assert passed_on.options == {"on_interrupted": print}
    assert results == [{"name": "blink", "is_in_loop": False}]


def test_the_future_of_the_commands_has_the_error_that_ends_them(client: Client, passed_on: AsyncClient) -> None:
    async def fail(_: Handler) -> None:
        raise OSError("The disk is full.")

    passed_on.handle = fail
    with pytest.raises(OSError, match="full"):
        client.start_commands(lambda _: None).result(PATIENCE)


def is_waiting(thread: threading.Thread) -> bool:
    """Whether the thread waits for the result of a future."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code is not Future.result.__code__:
        frame = frame.f_back
    return frame is not None


def test_an_interrupt_cancels_the_call_that_is_waited_for(client: Client) -> None:
    caller, cancelled = threading.current_thread(), threading.Event()

    async def wait_forever() -> None:
        while not is_waiting(caller):
            pass
        signal.pthread_kill(caller.ident or 0, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            client.run(wait_forever())
    finally:
        signal.signal(signal.SIGINT, before)
    assert cancelled.wait(PATIENCE)


OUTSIDE: dict[str, Callable[[Client], object]] = {
    "a call": lambda client: client.heartbeat(),
    "commands": lambda client: client.start_commands(lambda _: None),
    "an iterator": lambda client: next(client.subscribe()),
}


@pytest.mark.parametrize("call", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.usefixtures("passed_on")
def test_a_client_that_is_not_open_fails_at_once_and_names_the_with_statement(
    call: Callable[[Client], object],
) -> None:
    client = Client("127.0.0.1:1")
    with pytest.raises(RuntimeError, match="with statement"):
        call(client)
    with client:
        pass
    with pytest.raises(RuntimeError, match="with statement"):
        call(client)


@pytest.mark.usefixtures("passed_on")
def test_the_end_of_a_client_ends_its_commands_and_its_thread() -> None:
    with Client("127.0.0.1:1") as client:
        commands = client.start_commands(lambda _: None)
        assert LOOP_THREAD in [thread.name for thread in threading.enumerate()]
    with pytest.raises(CancelledError):
        commands.result(PATIENCE)
    assert LOOP_THREAD not in [thread.name for thread in threading.enumerate()]


def test_the_calls_of_a_writer_are_passed_on_and_its_end_waits_for_acknowledgements(
    client: Client, passed_on: AsyncClient
) -> None:
    with client.writer() as writer:
        writer.add({"a": 1}, 5, device_id=7)
        writer.add_columns([5], {"a": [1]}, device_id=7)
        writer.flush(2.0)
        writer.close(3.0)
    assert passed_on.calls == [
        ("add", ({"a": 1}, 5), {"device_id": 7}),
        ("add_columns", ([5], {"a": [1]}), {"device_id": 7}),
        ("flush", (2.0,), {}),
        ("close", (3.0,), {}),
        ("close", (), {}),
    ]
