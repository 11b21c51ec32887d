"""Callers that ask at the same time share calls, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from iotflow.grouped_calls import GroupedCalls


class Asked:
    """calls: the keys of each call. Calls wait until the gate is open, and fail with the problem."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.gate = asyncio.Event()
        self.problem: Exception | None = None

    async def ask(self, keys: Sequence[str]) -> dict[str, int]:
        """The length of each key that is not empty."""
        self.calls.append(list(keys))
        await self.gate.wait()
        if self.problem:
            raise self.problem
        return {key: len(key) for key in keys if key}


async def begun(grouped: GroupedCalls[int], keys: Sequence[str]) -> list[asyncio.Task[int | None]]:
    """Callers that wait."""
    tasks = [asyncio.create_task(grouped.get(key)) for key in keys]
    await asyncio.sleep(0)
    return tasks


async def test_keys_gather_while_a_call_runs() -> None:
    asked = Asked()
    tasks = await begun(GroupedCalls(asked.ask, most=3), ["a", "bb", "", "bb", "ccc", "dddd"])
    asked.gate.set()
    assert await asyncio.gather(*tasks) == [1, 2, None, 2, 3, 4]
    assert asked.calls == [["a"], ["bb", "", "ccc"], ["dddd"]]


async def test_an_answer_is_not_older_than_the_question() -> None:
    asked = Asked()
    grouped = GroupedCalls(asked.ask, most=3)
    first = await begun(grouped, ["a"])
    second = await begun(grouped, ["a"])
    asked.gate.set()
    assert await asyncio.gather(*first, *second) == [1, 1]
    assert asked.calls == [["a"], ["a"]]


async def test_a_failed_call_fails_for_its_callers_only() -> None:
    asked = Asked()
    grouped = GroupedCalls(asked.ask, most=3)
    asked.problem = ValueError("no answer")
    first = await begun(grouped, ["a"])
    asked.gate.set()
    with pytest.raises(ValueError, match="no answer"):
        await first[0]
    asked.problem = None
    assert await grouped.get("a") == 1


async def test_a_cancelled_caller_leaves_the_others_their_answers() -> None:
    asked = Asked()
    grouped = GroupedCalls(asked.ask, most=3)
    (running,) = await begun(grouped, ["a"])
    first, second = await begun(grouped, ["bb", "ccc"])
    running.cancel()
    await asyncio.wait([running])
    first.cancel()
    asked.gate.set()
    assert await second == 3
