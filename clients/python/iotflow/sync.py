"""The client without asyncio: the same calls, which block. An event loop runs in a thread of each Client.

with Client("127.0.0.1:50051", api_key=key) as client, client.writer() as writer:
    writer.add({"temperature": 21.5})
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self, TypeVar

from google.protobuf.message import Message
from numpy.typing import ArrayLike

from iotflow.batches import ColumnLike
from iotflow.columns import Columns, DeviceColumns
from iotflow.commands import Command
from iotflow.connection import Connection, Tls
from iotflow.device import DesiredConfig, Device, Registered
from iotflow.open_batch import Value
from iotflow.paging import call, pages
from iotflow.reading import Latest, TelemetryReader, Time
from iotflow.writer import TelemetryWriter

T = TypeVar("T")
MessageType = TypeVar("MessageType", bound=Message)
# What the loop may take to end, when nothing runs in it any more.
_STOP_SECONDS = 10.0


class Client:
    """A connection. target, api_key, token, tls: see Connection. All calls raise ServerError, and RuntimeError outside the
    `with` block.

    Callbacks of the writer run in the loop's thread, and must not block.
    """

    def __init__(self, target: str, *, api_key: str = "", token: str = "", tls: Tls | None = None) -> None:
        self.target = target
        self._connection = Connection(target, api_key=api_key, token=token, tls=tls)
        self._running: list[Future[None]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="iotflow client", daemon=True)
        self._reader = TelemetryReader(self._connection)
        self._device = Device(self._connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for future in self._running:
            future.cancel()
        self.run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._loop.close()

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs in the loop."""
        future = self._start(act)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items of an asynchronous iterator, one after the other."""
        done = object()

        async def following() -> Any:
            return await anext(items, done)

        try:
            while (item := self.run(following())) is not done:
                yield item
        finally:
            closing: Callable[[], Coroutine[Any, Any, None]] | None = getattr(items, "aclose", None)
            if closing:
                self.run(closing())

    @contextmanager
    def writer(self, **options: Any) -> Iterator["Writer"]:
        """A writer. options: of TelemetryWriter. The end of the block waits as that of TelemetryWriter does."""

        async def opened() -> TelemetryWriter:
            return await TelemetryWriter(self._connection, **options).open()

        writer = self.run(opened())
        try:
            yield Writer(self, writer)
        except BaseException as error:
            # As `async with` does: the writer must not wait for acknowledgements.
            self.run(writer.__aexit__(type(error), error, None))
            raise
        self.run(writer.close())

    def latest(self, device_id: int, fields: Iterable[str] = ()) -> Latest:
        """See TelemetryReader.latest()."""
        return self.run(self._reader.latest(device_id, fields))

    def range(self, device_id: int, start: Time, end: Time = "", **options: Any) -> Iterator[list[dict[str, Any]]]:
        """See TelemetryReader.range()."""
        return self.iterate(self._reader.range(device_id, start, end, **options))

    def aggregate(self, device_id: int, start: Time = "", end: Time = "", **options: Any) -> list[dict[str, Any]]:
        """See TelemetryReader.aggregate()."""
        return self.run(self._reader.aggregate(device_id, start, end, **options))

    def read(self, device_ids: Iterable[int] = (), start: Time = "", end: Time = "", **options: Any) -> Columns:
        """See TelemetryReader.read()."""
        return self.run(self._reader.read(device_ids, start, end, **options))

    def subscribe(self, device_ids: Iterable[int] = (), **options: Any) -> Iterator[DeviceColumns]:
        """See TelemetryReader.subscribe()."""
        return self.iterate(self._reader.subscribe(device_ids, **options))

    def register(self, name: str, device_type: str = "", **properties: str) -> Registered:
        """See Device.register()."""
        return self.run(self._device.register(name, device_type, **properties))

    def heartbeat(self, status: str = "online") -> int:
        """Send a heartbeat; the server's time, milliseconds since 1970 UTC."""
        return self.run(self._device.heartbeat(status)).timestamp.ToMilliseconds()

    def configurations(self, **options: Any) -> Iterator[DesiredConfig]:
        """See Device.configurations()."""
        return self.iterate(self._device.configurations(**options))

    def report(self, configuration: Mapping[str, Any]) -> None:
        """See Device.report()."""
        self.run(self._device.report(configuration))

    def start_commands(self, handler: Callable[[Command], Mapping[str, Any] | None], **options: Any) -> "Future[None]":
        """Handle commands until the client is closed; see Device.handle_commands() and its options. The handler runs in a thread
        of its own, and may block. The future has the error that ends it."""

        async def handle(command: Command) -> Mapping[str, Any] | None:
            return await asyncio.to_thread(handler, command)

        future = self._start(self._device.handle_commands(handle, **options))
        self._running.append(future)
        return future

    def pages(
        self, stub: Callable[[Any], Any], method: str, request: Message, answer: type[MessageType]
    ) -> Iterator[MessageType]:
        """See paging.pages()."""
        return self.iterate(pages(self._connection, stub, method, request, answer))

    def call(self, stub: Callable[[Any], Any], method: str, request: Message, answer: type[MessageType]) -> MessageType:
        """See paging.call()."""
        return self.run(call(self._connection, stub, method, request, answer))

    def rotate(self, save: Callable[[str], None]) -> str:
        """See Device.rotate()."""
        return self.run(self._device.rotate(save))

    def _start(self, act: Coroutine[Any, Any, T]) -> Future[T]:
        if not self._thread.is_alive():
            act.close()
            raise RuntimeError("The client is not open. Use it in a with statement.")
        return asyncio.run_coroutine_threadsafe(act, self._loop)


class Writer:
    """A TelemetryWriter whose calls block."""

    def __init__(self, client: Client, writer: TelemetryWriter) -> None:
        self._client = client
        self._writer = writer

    def add(self, values: Mapping[str, Value], timestamp: int | datetime | None = None, *, device_id: int = 0) -> None:
        """See TelemetryWriter.add()."""
        self._client.run(self._writer.add(values, timestamp, device_id=device_id))

    def add_columns(self, timestamps: ArrayLike, columns: Mapping[str, ColumnLike], *, device_id: int = 0) -> None:
        """See TelemetryWriter.add_columns()."""
        self._client.run(self._writer.add_columns(timestamps, columns, device_id=device_id))

    def flush(self, deadline: float | None = None) -> None:
        """See TelemetryWriter.flush()."""
        self._client.run(self._writer.flush(deadline))

    def close(self, deadline: float | None = None) -> None:
        """See TelemetryWriter.close()."""
        self._client.run(self._writer.close(deadline))
