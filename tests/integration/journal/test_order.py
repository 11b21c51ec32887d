"""Calls for one device are carried out in order, and other devices do not wait for them."""

import asyncio

from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, until


async def test_a_slow_write_delays_its_own_device_only(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    backend.next_write = slow = asyncio.Event()
    first = asyncio.create_task(store.write([doubles(1, {1: 1.0})]))
    await until(lambda: backend.next_write is None)
    second = asyncio.create_task(store.write([doubles(1, {1: 2.0}), doubles(2, {1: 2.0})]))
    third = asyncio.create_task(store.write([doubles(2, {1: 3.0})]))
    await store.write([doubles(3, {1: 1.0})])
    assert [one.done() for one in (first, second, third)] == [False] * 3
    slow.set()
    await asyncio.gather(first, second, third)
    assert await contents(backend, 1) == {("m", 1): 2.0}
    assert await contents(backend, 2) == {("m", 1): 3.0}


async def test_a_deletion_waits_for_the_writes_before_it(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    backend.next_write = slow = asyncio.Event()
    write = asyncio.create_task(store.write([doubles(1, {1: 1.0})]))
    await until(lambda: backend.next_write is None)
    deletion = asyncio.create_task(store.delete(1, Span()))
    after = asyncio.create_task(store.write([doubles(1, {2: 2.0})]))
    await store.write([doubles(3, {1: 1.0})])
    assert [one.done() for one in (write, deletion, after)] == [False] * 3
    slow.set()
    await asyncio.gather(write, deletion, after)
    assert await contents(backend, 1) == {("m", 2): 2.0}


async def test_a_replay_begins_after_the_writes_in_progress_have_ended(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    backend.next_write = slow = asyncio.Event()
    under_way = asyncio.create_task(store.write([doubles(1, {1: 1.0})]))
    await until(lambda: backend.next_write is None)
    await store.write([doubles(2, {1: 1.0})])
    backend.epoch += 1
    await store.write([doubles(2, {2: 2.0})])
    assert store.journal.buffering
    later = asyncio.create_task(store.write([doubles(1, {1: 2.0})]))
    await store.write([doubles(2, {3: 3.0})])
    slow.set()
    await asyncio.gather(under_way, later)
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 2.0}
    assert await backend.count(2, Span()) == 3
