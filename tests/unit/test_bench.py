"""`make bench` runs its parts one after the other."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.bench import __main__ as bench
from tests.bench.table import Line


def part(name: str) -> ModuleType:
    """One that makes the same folder as others do."""

    def measure(folder: Path) -> Iterator[Line]:
        (folder / "server").mkdir()
        yield Line(name, "1/s", "", 1, None)

    module = ModuleType(name)
    module.measure = measure  # type: ignore[attr-defined]
    return module


def test_parts_do_not_meet_in_a_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "PARTS", ("one", "two"))
    for name in bench.PARTS:
        monkeypatch.setitem(sys.modules, f"tests.bench.{name}", part(name))
    bench.main([])
    assert [line.split(" | ")[0] for line in capsys.readouterr().out.splitlines()[-2:]] == ["| one", "| two"]
