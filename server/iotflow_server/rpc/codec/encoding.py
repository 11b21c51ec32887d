"""Encoding of large responses in the compute thread, so that they do not block the event loop."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.interceptors.middleware import Encoded

Response = TypeVar("Response", bound=Message)
# Members of documents that are encoded on the event loop. Encoding them takes two milliseconds.
EVENT_LOOP_MEMBERS = 2_000


async def encode_in_thread(head: Response, rest: Iterable[bytes]) -> Response:
    """Serialize a response in the compute thread.

    rest: serialized fields that are appended to the head. Each item takes a few milliseconds, and other threads run between
    items. The result replaces the message (see Encoded).
    """
    content = await run_in_compute_thread(lambda: b"".join([head.SerializeToString(), *rest]))
    return cast(Response, Encoded(content))


async def build_in_thread(build: Callable[[], Response], *documents: Any) -> Response:
    """Call build, in the compute thread if the documents of the response are large."""
    return await run_in_compute_thread(build) if _are_large(documents) else build()


def _are_large(documents: tuple[Any, ...]) -> bool:
    waiting, members = [*documents], 0
    while waiting and members <= EVENT_LOOP_MEMBERS:
        content = waiting.pop()
        inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
        members += len(inner)
        waiting.extend(islice(inner, EVENT_LOOP_MEMBERS))
    return members > EVENT_LOOP_MEMBERS
