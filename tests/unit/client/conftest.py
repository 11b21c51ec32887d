"""Fixtures of the client's tests."""

import pytest

SHARE_OF_PAUSES = 0.01


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> float:
    """Pauses between attempts to connect have this share of their length."""
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: SHARE_OF_PAUSES)
    return SHARE_OF_PAUSES
