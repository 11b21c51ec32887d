"""Large answers, made into bytes beside the event loop."""

from collections.abc import Iterable
from typing import TypeVar, cast

from google.protobuf.message import Message

from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.interceptors.middleware import Encoded

Answer = TypeVar("Answer", bound=Message)


async def encoded(head: Answer, rest: Iterable[bytes]) -> Answer:
    """The head with what the rest adds to it, which are pieces of the same message as bytes, each made in a few milliseconds. They
    are made in a thread, which lets others run between them. What is answered only stands for the message (see Encoded)."""
    content = await run_in_compute_thread(lambda: b"".join([head.SerializeToString(), *rest]))
    return cast(Answer, Encoded(content))
