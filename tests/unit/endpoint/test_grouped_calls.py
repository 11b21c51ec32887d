"""Requests that arrive during a call share the next one."""

import asyncio
from collections.abc import Sequence

import pytest

from iotflow_gateway.endpoint.grouped_calls import GroupedCalls

MOST = 3


class Server:
    """Answers with the negative of each request. calls: the requests of each call."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.may_answer = asyncio.Event()
        self.requests = GroupedCalls(self._call, MOST)

    async def _call(self, items: Sequence[int]) -> Sequence[int]:
        self.calls.append([*items])
        await self.may_answer.wait()
        if 0 in items:
            raise ConnectionError
        return [-item for item in items]


async def test_requests_share_calls_in_their_order() -> None:
    server = Server()
    first = server.requests.submit(1)
    await asyncio.sleep(0)
    later = [server.requests.submit(number) for number in range(2, 7)]
    server.may_answer.set()
    assert [await one for one in (first, *later)] == [-1, -2, -3, -4, -5, -6]
    assert server.calls == [[1], [2, 3, 4], [5, 6]]


async def test_the_error_of_a_call_is_that_of_its_requests() -> None:
    server = Server()
    server.may_answer.set()
    failed = [server.requests.submit(number) for number in (0, 1, 2)]
    other = server.requests.submit(3)
    for one in failed:
        with pytest.raises(ConnectionError):
            await one
    assert await other == -3


async def test_requests_end_with_the_endpoint() -> None:
    server = Server()
    some = [server.requests.submit(number) for number in range(1, 6)]
    await server.requests.finish(0.01)
    await server.requests.close()
    assert all(one.cancelled() for one in some)
