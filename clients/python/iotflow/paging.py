"""Lists of the server, page by page."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from iotflow.connection import Connection

Page = TypeVar("Page", bound=Message)


async def pages(
    connection: Connection, stub: Callable[[Any], Any], method: str, request: Message, answer: type[Page]
) -> AsyncIterator[Page]:
    """The answers to a request until the last page. Raises ServerError.

        async for page in pages(connection, FleetServiceStub, "ListDevices", ListDevicesRequest(), ListDevicesResponse):
            print(page.devices)

    stub: of the service. request: with `page_token`, which is set for each page. answer: with `next_page_token`.
    """
    following: Any = type(request)()
    following.CopyFrom(request)
    while True:
        async with connection.call() as channel:
            page: Any = await getattr(stub(channel), method)(following, metadata=connection.metadata)
        assert_page(page, answer)
        yield page
        if not page.next_page_token:
            return
        following.page_token = page.next_page_token


def assert_page(page: Message, answer: type[Message]) -> None:
    """Raise TypeError where the method answers with another message."""
    if not isinstance(page, answer):
        raise TypeError(f"The method answers with {type(page).__name__}, not with {answer.__name__}.")
