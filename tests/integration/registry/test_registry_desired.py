"""Desired configurations and their versions."""

import asyncio

import pytest
from sqlalchemy import select

from iotflow_server import errors
from iotflow_server.devices.desired import Desired
from iotflow_server.devices.models import DesiredRow
from tests.integration.registry.parts import Parts


async def test_versions_rise_and_stay(parts: Parts) -> None:
    device = await parts.make()
    assert await parts.desired.get(device.id) == Desired(device.id, 0, {})

    first = await parts.desired.set(device.id, {"interval": 5}, None, "token:one")
    second = await parts.desired.set(device.id, {"interval": 9}, 1, "token:two")

    assert [first, second] == [Desired(device.id, 1, {"interval": 5}), Desired(device.id, 2, {"interval": 9})]
    assert await parts.desired.get(device.id) == second
    columns = select(DesiredRow.version, DesiredRow.document, DesiredRow.actor, DesiredRow.created_at)
    history = await parts.database.read(
        lambda connection: [tuple(row) for row in connection.execute(columns.order_by(DesiredRow.version))]
    )
    now = parts.clock.now
    assert history == [(1, {"interval": 5}, "token:one", now), (2, {"interval": 9}, "token:two", now)]


@pytest.mark.parametrize("expected", [0, 2])
async def test_a_change_based_on_another_version_is_refused(parts: Parts, expected: int) -> None:
    device = await parts.make()
    await parts.desired.set(device.id, {"a": 1}, 0, "token:me")

    with pytest.raises(errors.VersionConflict) as refusal:
        await parts.desired.set(device.id, {"a": 2}, expected, "token:me")

    assert refusal.value.reason == "VERSION_CONFLICT"
    assert await parts.desired.get(device.id) == Desired(device.id, 1, {"a": 1})


async def test_of_changes_based_on_one_version_at_once_one_wins(parts: Parts) -> None:
    device = await parts.make()
    outcomes = await asyncio.gather(
        *(parts.desired.set(device.id, {"n": number}, 0, "token:me") for number in range(6)), return_exceptions=True
    )
    assert len([outcome for outcome in outcomes if isinstance(outcome, errors.VersionConflict)]) == 5


async def test_changes_at_once_follow_one_another(parts: Parts) -> None:
    device = await parts.make()
    set_ = await asyncio.gather(*(parts.desired.set(device.id, {}, None, "token:me") for _ in range(6)))
    assert sorted(desired.version for desired in set_) == [1, 2, 3, 4, 5, 6]


async def test_there_must_be_a_device(parts: Parts) -> None:
    with pytest.raises(errors.NotFound) as refusal:
        await parts.desired.set(7, {}, None, "token:me")
    assert refusal.value.reason == "DEVICE_NOT_FOUND"
