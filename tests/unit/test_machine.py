"""Metrics of the machine, also without /proc."""

from pathlib import Path

from iotflow_server.machine import Machine


def test_this_machine_has_all_metrics(tmp_path: Path) -> None:
    found = Machine(tmp_path).figures()
    assert 0 <= found.cpu_percent <= 100
    assert 0 < found.memory_percent < 100
    assert found.memory_available_mb > 0
    assert 0 < found.disk_usage_percent < 100


def test_a_system_without_proc_has_the_other_metrics(tmp_path: Path) -> None:
    found = Machine(tmp_path, proc=tmp_path / "missing").figures()
    assert (found.cpu_percent, found.memory_percent, found.memory_available_mb) == (0, 0, 0)
    assert found.disk_usage_percent > 0
