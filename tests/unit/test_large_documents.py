"""Responses with large documents are built outside the event loop, regardless of the structure of the documents."""

import threading
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from iotflow_server.rpc.codec.wire_values import EVENT_LOOP_MEMBERS, build_in_thread


async def is_built_in_thread(*documents: Any) -> bool:
    built_by: list[int] = []

    def build() -> Struct:
        built_by.append(threading.get_ident())
        return Struct()

    await build_in_thread(build, *documents)
    return built_by != [threading.get_ident()]


@pytest.mark.parametrize(
    ("documents", "is_large"),
    [
        (({"a": 1, "b": [1, {"c": None}]},), False),
        (({"a": "x" * 200_000}, {}), False),
        (({}, {str(place): place for place in range(EVENT_LOOP_MEMBERS + 1)}), True),
        (({"a": {"b": [1] * (EVENT_LOOP_MEMBERS + 1)}},), True),
        (({"a": [[1] * 10 for _ in range(EVENT_LOOP_MEMBERS // 10)]},), True),
        (({"a": [[] for _ in range(EVENT_LOOP_MEMBERS // 2)]}, {"a": [[] for _ in range(EVENT_LOOP_MEMBERS)]}), True),
    ],
)
async def test_size_counts_members(documents: tuple[Any, ...], is_large: bool) -> None:
    assert await is_built_in_thread(*documents) is is_large
