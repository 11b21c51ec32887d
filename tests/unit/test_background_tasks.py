"""An unexpected error ends no background task: it is logged, and the task goes on with what comes next."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from iotflow_server.cluster import invalidations, server_numbers
from iotflow_server.cluster.invalidations import RedisInvalidations
from iotflow_server.cluster.latest import values
from iotflow_server.cluster.latest.values import RedisLatestValues
from iotflow_server.cluster.live import bus
from iotflow_server.cluster.live.bus import RedisLiveBus
from iotflow_server.cluster.live.stream import LiveStream
from iotflow_server.cluster.remote_changes import RemoteCommandRelay
from iotflow_server.cluster.server_numbers import ServerNumber
from iotflow_server.db import housekeeping
from iotflow_server.db.housekeeping import Housekeeping
from iotflow_server.devices.device import utc_now
from iotflow_server.presence.exchange import PresenceExchange
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.streams.change_feed import ChangeFeed
from iotflow_server.streams.credential_rechecks import CredentialRechecks
from iotflow_server.telemetry.live import EventFilter, LiveFeed, PresenceFeed
from iotflow_server.telemetry.stores import choice
from iotflow_server.telemetry.stores.choice import RetentionRule
from iotflow_server.telemetry.stores.sqlite import SqliteStore

SOON = 0.001


class FailsOnce:
    """A call that fails unexpectedly the first time; `recovered` is set by the next."""

    def __init__(self) -> None:
        self.failed = asyncio.Event()
        self.recovered = asyncio.Event()

    async def __call__(self, *_: object, **__: object) -> Any:
        if not self.failed.is_set():
            self.failed.set()
            raise RuntimeError("unexpected")
        self.recovered.set()
        # A pause, so that no task repeats its calls without end; some await the last one when they are closed.
        await asyncio.sleep(SOON)


def stub(**members: object) -> Any:
    """An object with these members."""
    return SimpleNamespace(**members)


def first_succeeds(answer: object, call: FailsOnce) -> Callable[[object], Awaitable[Any]]:
    """The first call, which is that of the start, returns this answer; the others are `call`."""
    answers = iter([answer])

    async def answer_or_call(argument: object) -> Any:
        for one in answers:
            return one
        return await call(argument)

    return answer_or_call


@asynccontextmanager
async def running(part: Any, *arguments: object) -> AsyncIterator[None]:
    await part.start(*arguments)
    yield
    await part.close()


Task = Callable[[FailsOnce, Path], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def sightings_are_written(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    last_seen = LastSeen(stub(write=call), SOON)
    last_seen.record(1)
    async with running(last_seen):
        yield


@asynccontextmanager
async def online_devices_are_refreshed(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    database = stub(read=first_succeeds(set(), call))
    online = Online(database=database, last_seen=LastSeen(database), window=timedelta(seconds=SOON))
    async with running(online):
        yield


@asynccontextmanager
async def sightings_are_exchanged(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    silent = stub(drain_changes=lambda: None)
    async with running(PresenceExchange(silent, silent, stub(exchange=call), SOON)):
        yield


@asynccontextmanager
async def presence_is_published(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    feed = LiveFeed(2**20)
    presence = PresenceFeed(feed, stub(get=call))
    with feed.subscribe(EventFilter()):
        async with running(presence):
            presence.changed(1, True, utc_now())
            presence.changed(2, True, utc_now())
            yield


@asynccontextmanager
async def remote_commands_are_relayed(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    relay = RemoteCommandRelay(stub(get_many=call, changes=ChangeFeed()))
    async with running(relay):
        relay.add(1)
        await call.failed.wait()
        relay.add(2)
        yield


@asynccontextmanager
async def credentials_are_rechecked(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    registry = stub(on_change=lambda _: None, await_on_change=lambda _: None)
    streams = ActiveStreams()
    rechecks = CredentialRechecks(registry, stub(pairs=call), stub(), streams)
    device = stub(name="device:1", key=stub(id=1, valid_until=None), valid_until=None, token_id=0, device=None)
    async with running(rechecks), streams.open(device):
        await call.failed.wait()
        rechecks.schedule(1)
        yield


@asynccontextmanager
async def commands_expire(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async with running(Housekeeping(stub(), stub(expire=call, changes=ChangeFeed()), None)):
        yield


@asynccontextmanager
async def server_numbers_are_renewed(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async with running(ServerNumber(stub(write=first_succeeds(1, call)), "server"), lambda _: None):
        yield


@asynccontextmanager
async def changes_are_published(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async def run(_: object, seconds: float | None = None) -> None:
        await (call() if seconds is None else asyncio.Event().wait())

    published = RedisInvalidations(stub(run=run), stub())
    async with running(published):
        published.device_changed(1)
        yield


@asynccontextmanager
async def changes_are_received(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async with running(RedisInvalidations(stub(run=call), stub())):
        yield


@asynccontextmanager
async def latest_values_reconnect(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async with running(RedisLatestValues(stub(check=call, run=call))):
        yield


@asynccontextmanager
async def live_bus_reconnects(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async with running(RedisLiveBus(LiveFeed(2**20), LiveStream(stub(run=call)))):
        yield


@asynccontextmanager
async def the_retention_rule_is_set(call: FailsOnce, _: Path) -> AsyncIterator[None]:
    async with running(RetentionRule(stub(set_retention=call), 1)):
        yield


@asynccontextmanager
async def readings_expire(call: FailsOnce, folder: Path) -> AsyncIterator[None]:
    store = SqliteStore(folder / "readings.db", expiry_seconds=SOON, settled=lambda: True)
    store.expire = call  # type: ignore[method-assign]
    async with running(store):
        yield


@pytest.mark.parametrize(
    "task",
    [
        sightings_are_written,
        online_devices_are_refreshed,
        sightings_are_exchanged,
        presence_is_published,
        remote_commands_are_relayed,
        credentials_are_rechecked,
        commands_expire,
        server_numbers_are_renewed,
        changes_are_published,
        changes_are_received,
        latest_values_reconnect,
        live_bus_reconnects,
        the_retention_rule_is_set,
        readings_expire,
    ],
    ids=lambda task: task.__name__,
)
async def test_an_unexpected_error_ends_no_background_task(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (invalidations, values, bus):
        monkeypatch.setattr(module, "RETRY_SECONDS", SOON)
    monkeypatch.setattr(housekeeping, "INTERVAL_SECONDS", SOON)
    monkeypatch.setattr(server_numbers, "RENEW_SECONDS", SOON)
    monkeypatch.setattr(choice, "_RETRY_SECONDS", SOON)
    call = FailsOnce()
    with capture_logs() as logs:
        async with asyncio.timeout(10), task(call, tmp_path):
            await call.recovered.wait()
    assert [one["event"] for one in logs if one["log_level"] == "error"], "the error is logged"
