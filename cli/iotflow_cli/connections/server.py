"""A connection whose calls block, for commands."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Self, TypeVar

from google.protobuf.message import Message

from iotflow.connection import Connection, Tls
from iotflow.errors import ServerError, deadline_exceeded
from iotflow.paging import call, pages
from iotflow_cli.connections.target import Target
from iotflow_cli.profiles.profile import Profile

T = TypeVar("T")
Answer = TypeVar("Answer", bound=Message)
CALL_SECONDS = 30.0


class Server:
    """The server of a target. All calls raise ServerError."""

    def __init__(self, target: Target) -> None:
        self.target = target
        profile = target.profile
        self.connection = Connection(profile.address, token=profile.token, tls=tls_of(profile))
        self._runner = asyncio.Runner()
        # Iterators that are not at their end. A reader may stop anywhere, and drop its own iterator later than this connection.
        self._open: list[AsyncIterator[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for items in list(self._open):
            self._end(items)
        self._runner.run(self.connection.close())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T], seconds: float | None = CALL_SECONDS) -> T:
        """The result of a coroutine. seconds: the time limit; None: there is none."""
        try:
            return self._runner.run(_within(work, seconds))
        except ServerError as error:
            raise self._advised(error) from None

    def iterate(self, items: AsyncIterator[T], seconds: float | None = None) -> Iterator[T]:
        """The items of an asynchronous iterator. seconds: the time limit of each."""
        done = object()
        self._open.append(items)

        async def following() -> Any:
            return await anext(items, done)

        try:
            while (item := self.run(following(), seconds)) is not done:
                yield item
        finally:
            self._end(items)

    def call(
        self,
        stub: Callable[[Any], Any],
        method: str,
        request: Message,
        answer: type[Answer],
        seconds: float = CALL_SECONDS,
    ) -> Answer:
        """See paging.call()."""
        return self.run(call(self.connection, stub, method, request, answer), seconds)

    def pages(
        self, stub: Callable[[Any], Any], method: str, request: Message, answer: type[Answer]
    ) -> Iterator[Answer]:
        """See paging.pages()."""
        return self.iterate(pages(self.connection, stub, method, request, answer), CALL_SECONDS)

    def _end(self, items: AsyncIterator[Any]) -> None:
        """Close an iterator, unless that is done."""
        if items not in self._open:
            return
        self._open.remove(items)
        closing: Callable[[], Coroutine[Any, Any, None]] | None = getattr(items, "aclose", None)
        if closing:
            self._runner.run(closing())

    def _advised(self, error: ServerError) -> ServerError:
        """The error of a server that is not there, with the advice of the target."""
        if error.code.name != "UNAVAILABLE" or error.reason or not self.target.advice:
            return error
        return ServerError(error.code, f"{self.target.advice} {error.message}", reason="UNREACHABLE", retryable=True)


def tls_of(profile: Profile) -> Tls | None:
    """The files of a profile; None: without TLS."""
    return Tls(profile.ca or None, profile.certificate or None, profile.key or None) if profile.tls else None


async def _within(work: Coroutine[Any, Any, T], seconds: float | None) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise deadline_exceeded(f"The server did not answer within {seconds:g} s.") from None
