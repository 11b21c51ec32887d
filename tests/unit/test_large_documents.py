"""Answers with large documents are made beside the event loop, whatever these are made of."""

import asyncio
import threading
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from iotflow_server.rpc.codec.encoding import AT_ONCE, made


def is_made_beside(*documents: Any) -> bool:
    made_by: list[int] = []

    def make() -> Struct:
        made_by.append(threading.get_ident())
        return Struct()

    asyncio.run(made(make, *documents))
    return made_by != [threading.get_ident()]


@pytest.mark.parametrize(
    ("documents", "is_large"),
    [
        (({"a": 1, "b": [1, {"c": None}]},), False),
        (({"a": "x" * 200_000}, {}), False),
        (({}, {str(place): place for place in range(AT_ONCE + 1)}), True),
        (({"a": {"b": [1] * (AT_ONCE + 1)}},), True),
        (({"a": [[1] * 10 for _ in range(AT_ONCE // 10)]},), True),
        (({"a": [[] for _ in range(AT_ONCE // 2)]}, {"a": [[] for _ in range(AT_ONCE)]}), True),
    ],
)
def test_by_their_members(documents: tuple[Any, ...], is_large: bool) -> None:
    assert is_made_beside(*documents) is is_large
