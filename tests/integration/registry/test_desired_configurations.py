"""Desired configurations and their versions."""

import asyncio

import pytest
from sqlalchemy import select

from iotflow_server import errors
from iotflow_server.config.desired import DesiredConfig
from iotflow_server.db.models import DesiredRow
from tests.integration.registry.parts import Parts


async def test_versions_increase_and_are_kept(parts: Parts) -> None:
    device = await parts.make()
    assert await parts.desired.get(device.id) == DesiredConfig(device.id, 0, {})

    first = await parts.desired.set(device.id, {"interval": 5}, None, "token:one")
    second = await parts.desired.set(device.id, {"interval": 9}, 1, "token:two")

    now = parts.clock.now
    assert first == DesiredConfig(device.id, 1, {"interval": 5}, "token:one", now)
    assert second == DesiredConfig(device.id, 2, {"interval": 9}, "token:two", now)
    assert await parts.desired.get(device.id) == second
    columns = select(DesiredRow.version, DesiredRow.document, DesiredRow.actor, DesiredRow.created_at)
    history = await parts.database.read(
        lambda connection: [tuple(row) for row in connection.execute(columns.order_by(DesiredRow.version))]
    )
    assert history == [(1, {"interval": 5}, "token:one", now), (2, {"interval": 9}, "token:two", now)]


@pytest.mark.parametrize("expected", [0, 2])
async def test_a_change_based_on_another_version_is_rejected(parts: Parts, expected: int) -> None:
    device = await parts.make()
    await parts.desired.set(device.id, {"a": 1}, 0, "token:me")

    with pytest.raises(errors.VersionConflict) as refusal:
        await parts.desired.set(device.id, {"a": 2}, expected, "token:me")

    assert refusal.value.reason == "VERSION_CONFLICT"
    assert await parts.desired.get(device.id) == DesiredConfig(device.id, 1, {"a": 1}, "token:me", parts.clock.now)


async def test_one_of_several_simultaneous_changes_of_a_version_succeeds(parts: Parts) -> None:
    device = await parts.make()
    outcomes = await asyncio.gather(
        *(parts.desired.set(device.id, {"n": number}, 0, "token:me") for number in range(6)), return_exceptions=True
    )
    assert len([outcome for outcome in outcomes if isinstance(outcome, errors.VersionConflict)]) == 5


async def test_simultaneous_changes_are_applied_in_sequence(parts: Parts) -> None:
    device = await parts.make()
    set_ = await asyncio.gather(*(parts.desired.set(device.id, {}, None, "token:me") for _ in range(6)))
    assert sorted(desired.version for desired in set_) == [1, 2, 3, 4, 5, 6]


async def test_the_device_must_exist(parts: Parts) -> None:
    with pytest.raises(errors.NotFound) as refusal:
        await parts.desired.set(7, {}, None, "token:me")
    assert refusal.value.reason == "DEVICE_NOT_FOUND"


async def test_a_patch_changes_its_members_only(parts: Parts) -> None:
    device = await parts.make()
    first = await parts.desired.patch(device.id, {"a": {"b": 1, "c": 2}, "d": None}, 0, "token:me")
    second = await parts.desired.patch(device.id, {"a": {"b": None}, "e": [1]}, 1, "token:me")
    assert (first.version, first.document) == (1, {"a": {"b": 1, "c": 2}})
    assert (second.version, second.document) == (2, {"a": {"c": 2}, "e": [1]})
    assert await parts.desired.patch(device.id, {"x": None, "e": [1]}, 2, "token:me") == second
    with pytest.raises(errors.VersionConflict):
        await parts.desired.patch(device.id, {"a": 1}, 1, "token:me")
    assert [desired.version for desired in await parts.desired.page(device.id, None, 9)] == [2, 1]
    assert [desired.version for desired in await parts.desired.page(device.id, 2, 9)] == [1]


async def test_true_and_one_are_different_values(parts: Parts) -> None:
    device = await parts.make()
    await parts.desired.set(device.id, {"eco": 1}, None, "token:me")
    changed = await parts.desired.patch(device.id, {"eco": True}, 1, "token:me")
    assert (changed.version, changed.document["eco"] is True) == (2, True)


async def test_simultaneous_patches_are_all_applied(parts: Parts) -> None:
    device = await parts.make()
    await asyncio.gather(*(parts.desired.patch(device.id, {f"k{n}": n}, None, "token:me") for n in range(6)))
    assert (await parts.desired.get(device.id)).document == {f"k{n}": n for n in range(6)}


async def test_each_version_is_published_after_its_commit(parts: Parts) -> None:
    device, other = await parts.make("a"), await parts.make("b")
    with parts.desired.changes.subscribe(device.id, lambda _: True) as listener:
        first = await parts.desired.set(device.id, {"a": 1}, None, "token:me")
        await parts.desired.set(other.id, {"a": 1}, None, "token:me")
        await parts.desired.patch(device.id, {"a": 1}, None, "token:me")
        assert listener.take() == ([first], False)


async def test_changes_since_a_time_are_listed(parts: Parts) -> None:
    old, twice, once = [await parts.make(name) for name in "abc"]
    for device in (old, twice):
        await parts.desired.set(device.id, {"n": 1}, None, "token:me")
    since = parts.clock.advance(seconds=1)
    for number in (2, 3):
        await parts.desired.set(twice.id, {"n": number}, None, "token:me")
    await parts.desired.set(once.id, {"n": 1}, None, "token:me")
    changed = await parts.desired.changed_since(since, 0, 9)
    assert [(desired.device_id, desired.version) for desired in changed] == [(twice.id, 3), (once.id, 1)]
    assert await parts.desired.changed_since(since, 0, 1) == changed[:1]
    assert await parts.desired.changed_since(since, twice.id, 9) == changed[1:]
