"""Dropped and converted measurements survive replays, and a crash during a conversion loses nothing."""

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion, without_deleted
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import DOUBLE, INT32, TEXT, batch, column, contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up

TEXTS = batch(1, [1, 2], column("m", TEXT, ["1.5", "2.5"]), column("other", INT32, [1, 2]))
OTHERS = {("other", 1): 1, ("other", 2): 2}


async def test_a_replay_does_not_restore_a_dropped_measurement(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    await store.write([TEXTS])
    await store.drop(1, "m")
    await store.write([doubles(1, {3: 3.5})])
    await backend.restart()
    await store.write([doubles(1, {4: 4.5})])
    await caught_up(store)
    assert await backend.measurements(1) == {"m": DOUBLE, "other": INT32}
    assert await contents(backend, 1) == {**OTHERS, ("m", 3): 3.5, ("m", 4): 4.5}


async def test_a_replay_observes_the_new_type(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    await store.write([TEXTS])
    await store.retype(1, "m", DOUBLE)
    await store.write([doubles(1, {3: 3.5})])
    await backend.restart()
    await store.write([doubles(1, {4: 4.5})])
    await caught_up(store)
    assert await backend.measurements(1) == {"m": DOUBLE, "other": INT32}
    assert await contents(backend, 1) == {**OTHERS, ("m", 1): 1.5, ("m", 2): 2.5, ("m", 3): 3.5, ("m", 4): 4.5}


@pytest.mark.parametrize("crashed", [False, True])
async def test_an_interrupted_conversion_loses_nothing(
    store: JournaledWriter, backend: ForgetfulBackend, crashed: bool
) -> None:
    """The backend becomes unavailable between removing the old readings and writing the new ones. crashed: it loses the removal."""
    await store.write([TEXTS])

    def go_away(_batches: object) -> None:
        backend.away = True

    backend.before_write = go_away
    with pytest.raises(Unavailable):
        await store.retype(1, "m", DOUBLE)
    backend.before_write = len
    if crashed:
        await backend.restart()
    backend.away = False
    await caught_up(store)
    kept = {("m", 1): "1.5", ("m", 2): "2.5"} if crashed else {("m", 1): 1.5, ("m", 2): 2.5}
    assert await contents(backend, 1) == {**OTHERS, **kept}


async def test_nothing_is_dropped_while_the_backend_is_behind(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    await store.write([TEXTS])
    backend.away = True
    await store.write([doubles(2, {1: 1.0})])
    for change in (store.drop(1, "m"), store.retype(1, "m", DOUBLE)):
        with pytest.raises(Unavailable, match="does not have all readings yet"):
            await change
    backend.away = False


def test_only_the_dropped_measurement_is_removed_from_earlier_records() -> None:
    gone = Deletion(1, Span(), 100, "m")
    left = without_deleted(TEXTS, 99, [gone])
    assert [one.measurement for one in left.columns] == ["other"]
    assert left.times.tolist() == [1, 2]
    assert without_deleted(TEXTS, 101, [gone]) is TEXTS
