"""Texts of the older service have no limits in SQLite. Longer ones are cut, because the registry would reject them."""

from typing import Any

import pytest

from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.db.legacy_migration import Present, plan
from tests.support import older_service

LIMITS = {
    "description": 2_000,
    "device_type": 50,
    "firmware_version": 50,
    "hardware_version": 50,
    "location": 200,
    "name": 100,
}


def planned(**changed: object) -> dict[str, Any]:
    """The row of a device of the older service."""
    device = older_service.device(1, configuration={}, **changed)
    [row] = plan([device], Present({}, frozenset()), KeyHasher(b"secret")).rows
    return row


@pytest.mark.parametrize(("field", "limit"), LIMITS.items(), ids=LIMITS)
def test_a_text_is_cut_at_its_limit(field: str, limit: int) -> None:
    exact = "x" * (limit - 1) + "y"
    assert planned(**{field: exact})[field] == exact
    assert planned(**{field: exact + "z"})[field] == exact
