"""Progress that is no terminal's: a note every few seconds."""

import json

import pytest

from iotflow_cli.output import progress
from iotflow_cli.output.renderer import Output


def test_a_count_is_noted_when_the_pause_is_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with progress.count_progress(Output(), "devices") as update:
        update(1_000, 25_000)
    with progress.count_progress(Output(as_json=True), "devices") as update:
        update(2_000, 25_000)
    text, data = capsys.readouterr().err.splitlines()
    assert text == "iotflow: 1,000 of 25,000 devices"
    assert json.loads(data) == {"note": "2,000 of 25,000 devices", "done": 2_000, "of": 25_000}


def test_short_work_has_no_notes(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.count_progress(Output(), "devices") as update:
        update(1, 1)
    with progress.byte_progress(Output()) as advance:
        advance(10)
    assert capsys.readouterr().err == ""
