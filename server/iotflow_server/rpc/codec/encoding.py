"""Large answers, made beside the event loop."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.interceptors.middleware import Encoded

Answer = TypeVar("Answer", bound=Message)
# Members of documents that become an answer in two milliseconds.
AT_ONCE = 2_000


async def encoded(head: Answer, rest: Iterable[bytes]) -> Answer:
    """The head with what the rest adds to it, which are pieces of the same message as bytes, each made in a few milliseconds. They
    are made in a thread, which lets others run between them. What is answered only stands for the message (see Encoded)."""
    content = await run_in_compute_thread(lambda: b"".join([head.SerializeToString(), *rest]))
    return cast(Answer, Encoded(content))


async def made(make: Callable[[], Answer], *documents: Any) -> Answer:
    """What make() returns, an answer with these documents."""
    return await run_in_compute_thread(make) if _are_large(documents) else make()


def _are_large(documents: tuple[Any, ...]) -> bool:
    waiting, members = [*documents], 0
    while waiting and members <= AT_ONCE:
        content = waiting.pop()
        inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
        members += len(inner)
        waiting.extend(islice(inner, AT_ONCE))
    return members > AT_ONCE
