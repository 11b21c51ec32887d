"""Readings deleted by one process are not restored by the journals of others."""

import os
from pathlib import Path

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.recovery import exclusions
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion, recorded_deletions, without_deleted
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import DOUBLE, TEXT, batch, cells, column, contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, SharedBackend, caught_up, journaled, journals


async def test_a_replay_observes_deletions_of_another_process(backend: ForgetfulBackend, root: Path) -> None:
    await backend.start()
    deleter, writer = (journaled(SharedBackend(backend), root) for _ in range(2))
    await deleter.start()
    await writer.start()
    await writer.write([doubles(1, {1: 1.0, 2: 2.0}), doubles(2, {1: 1.0})])
    await deleter.delete(1, Span(0, 2))
    await writer.write([doubles(1, {0: 10.0})])
    await backend.restart()
    await writer.write([doubles(2, {2: 2.0})])
    await caught_up(writer)
    assert await contents(backend, 1) == {("m", 0): 10.0, ("m", 2): 2.0}
    assert await contents(backend, 2) == {("m", 1): 1.0, ("m", 2): 2.0}
    assert recorded_deletions(root) == []
    await writer.close()
    await deleter.close()
    assert journals(root) == []
    await backend.close()


async def test_nothing_is_deleted_while_another_process_has_unreplayed_readings(
    backend: ForgetfulBackend, root: Path
) -> None:
    await backend.start()
    deleter, writer = (journaled(SharedBackend(backend), root) for _ in range(2))
    await deleter.start()
    await writer.start()
    backend.away = True
    await writer.write([doubles(1, {1: 1.0})])
    with pytest.raises(Unavailable, match="does not have all readings yet"):
        await deleter.delete(1, Span())
    backend.away = False
    await caught_up(deleter)
    await deleter.delete(1, Span())
    await backend.restart()
    await caught_up(writer)
    assert await contents(backend, 1) == {}
    await writer.close()
    await deleter.close()
    await backend.close()


def test_only_rows_of_earlier_records_within_the_span_are_removed() -> None:
    written = batch(1, [1, 5, 9], column("a", DOUBLE, [1.0, None, 9.0]), column("b", TEXT, ["x", "y", "z"]))
    gone = Deletion(1, Span(1, 9), 100)
    left = without_deleted(written, 99, [gone])
    assert left.times.tolist() == [9]
    assert [cells(one) for one in left.columns] == [[9.0], ["z"]]
    assert without_deleted(written, 101, [gone]) is written
    assert without_deleted(written, 99, [Deletion(2, Span(), 100)]) is written


@pytest.mark.parametrize("torn", range(1, 20, 3))
def test_a_torn_deletion_hides_no_later_one(tmp_path: Path, torn: int) -> None:
    first, second, third = (Deletion(1, Span(number, 9), number) for number in (1, 2, 3))
    exclusions.record_deletion(tmp_path, first)
    exclusions.record_deletion(tmp_path, second)
    path = tmp_path / "deletions"
    os.truncate(path, path.stat().st_size - torn)
    exclusions.record_deletion(tmp_path, third)
    assert recorded_deletions(tmp_path) == [first, third]
