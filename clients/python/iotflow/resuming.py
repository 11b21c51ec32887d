"""Streams of the server that are opened again after a break."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

import grpc

from iotflow.channels import Backoff
from iotflow.connection import Connection, Metadata, needs_credential
from iotflow.errors import ServerError
from iotflow.handlers import contained

Event = TypeVar("Event")
Interrupted = Callable[[ServerError, float], None]
Opened = Callable[[grpc.aio.Channel, Metadata], "grpc.aio.UnaryStreamCall[Any, Event]"]


class Resumption:
    """Decides after a failure when the next stream is opened. on_interrupted: called with the error and the seconds.

    failure: the error of the last stream as text; empty: none has failed, or one has delivered something since.
    """

    def __init__(self, connection: Connection, on_interrupted: Interrupted) -> None:
        self._connection = connection
        self._on_interrupted = contained("on_interrupted", on_interrupted)
        self._backoff = Backoff()
        self._metadata: Metadata = ()
        self.failure = ""

    def begin(self) -> Metadata:
        """The metadata of a new stream."""
        self._metadata = self._connection.metadata
        return self._metadata

    def succeeded(self) -> None:
        """The stream has delivered something."""
        self.failure = ""
        self._backoff.reset()
        self._connection.accepted(self._metadata)

    async def failed(self, error: ServerError) -> None:
        """Wait until the next attempt. Raises the error where it is not retryable, and no new key helps."""
        self.failure = str(error)
        if needs_credential(error):
            if await self._connection.renewed(error, self._metadata):
                return
            raise error
        if not error.is_interruption:
            raise error
        delay = self._backoff.delay(error.retry_after)
        self._on_interrupted(error, delay)
        await asyncio.sleep(delay)


async def resumed(
    connection: Connection, opened: "Opened[Event]", on_interrupted: Interrupted
) -> AsyncGenerator[Event]:
    """The events of one stream after the other, without end. Raises ServerError where another attempt is of no use.

    opened: opens a stream; it is called after each break.
    """
    resumption = Resumption(connection, on_interrupted)
    while True:
        try:
            async with connection.call() as channel:
                call = opened(channel, resumption.begin())
                try:
                    async for event in call:
                        resumption.succeeded()
                        yield event
                finally:
                    # The caller may end the iteration before the server ends the stream.
                    call.cancel()
            # A server that shuts down ends streams in order.
            raise ended()
        except ServerError as error:
            await resumption.failed(error)


def ended() -> ServerError:
    """The error of a stream without end that the server ended."""
    return ServerError(grpc.StatusCode.UNAVAILABLE, "The server ended the stream.", retryable=True)
