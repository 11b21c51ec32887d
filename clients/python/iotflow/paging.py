"""Calls of any method, and lists page by page: what admins need beside the stubs."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from iotflow.connection import Connection

Answer = TypeVar("Answer", bound=Message)


async def call(
    connection: Connection, stub: Callable[[Any], Any], method: str, request: Message, answer: type[Answer]
) -> Answer:
    """The answer to a request. Raises ServerError.

        status = await call(connection, SystemServiceStub, "GetStatus", GetStatusRequest(), GetStatusResponse)

    stub: of the service. answer: the message that the method answers with.
    """
    async with connection.call() as channel:
        found = await getattr(stub(channel), method)(request, metadata=connection.metadata)
    if not isinstance(found, answer):
        raise TypeError(f"{method} answers with {type(found).__name__}, not with {answer.__name__}.")
    return found


async def pages(
    connection: Connection, stub: Callable[[Any], Any], method: str, request: Message, answer: type[Answer]
) -> AsyncGenerator[Answer]:
    """The answers to a request until the last page. Raises ServerError.

        async for page in pages(connection, FleetServiceStub, "ListDevices", ListDevicesRequest(), ListDevicesResponse):
            print(page.devices)

    request: with `page_token`, which is set for each page. answer: with `next_page_token`.
    """
    following: Any = type(request)()
    following.CopyFrom(request)
    while True:
        page: Any = await call(connection, stub, method, following, answer)
        yield page
        if not page.next_page_token:
            return
        following.page_token = page.next_page_token
