"""No caller can use all slots, and waiting callers take turns."""

import asyncio
from collections import Counter

from iotflow.fair_slots import FairSlots

SLOTS, MOST_PER_CALLER = 6, 2


def slots_of(count: int) -> FairSlots:
    """Slots of which each caller may have two."""
    return FairSlots(count, lambda _caller: MOST_PER_CALLER)


async def turns(slots: FairSlots, caller: str, count: int, order: list[str]) -> list[asyncio.Task[None]]:
    """Several calls that wait for a slot; each records itself when it has one."""

    async def one() -> None:
        await slots.acquire(caller)
        order.append(caller)

    tasks = [asyncio.create_task(one()) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_one_caller_cannot_use_all_slots() -> None:
    slots, order = slots_of(SLOTS), list[str]()
    greedy = await turns(slots, "greedy", 100, order)
    assert order == ["greedy"] * MOST_PER_CALLER
    await asyncio.gather(*await turns(slots, "modest", 1, order))
    assert order[-1] == "modest"
    for task in greedy:
        task.cancel()
    await asyncio.gather(*greedy, return_exceptions=True)


async def test_waiting_callers_take_turns_regardless_of_their_number_of_calls() -> None:
    slots, order = slots_of(2 * MOST_PER_CALLER), list[str]()
    tasks = await turns(slots, "a", 20, order)
    tasks += await turns(slots, "b", 20, order)
    tasks += await turns(slots, "c", 2, order)
    released = Counter[str]()
    begun = len(order)
    for _ in range(6):
        held = Counter(order) - released
        caller = max(held, key=held.__getitem__)
        slots.release(caller)
        released[caller] += 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert order.count("c") == 2
    assert set(order[begun : begun + 3]) == {"a", "b", "c"}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_cancelled_waiting_call_takes_no_slot() -> None:
    slots, order = slots_of(3), list[str]()
    await asyncio.gather(*await turns(slots, "a", 1, order))
    (waiting,) = await turns(slots, "a", 1, order)
    slots.release("a")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(slots.acquire("a"), 5)
