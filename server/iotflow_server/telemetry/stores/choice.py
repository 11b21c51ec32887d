"""The store that the settings choose, and its default retention."""

import asyncio
from dataclasses import dataclass
from urllib.parse import unquote

import structlog

from iotflow_server.clock import CLOCK
from iotflow_server.errors import Unavailable
from iotflow_server.settings import Settings
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.latest import CachedLatestReader, CachedLatestWriter, LatestValues
from iotflow_server.telemetry.ports import ManagedWriter, TelemetryReader, TelemetryWriter
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from iotflow_server.telemetry.times import utc_now_ms

SCHEME = "iotdb://"
# Interval of the attempts to set the default retention, and the time limit of one: the start must not wait for a store that
# does not respond.
_RETRY_SECONDS, _PATIENCE_SECONDS = 5.0, 3.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Location:
    """Address of a store, in the form of the legacy API; empty for the embedded one."""

    host: str = ""
    port: int = 0
    database: str = ""


@dataclass(frozen=True, slots=True)
class ChosenStore:
    """Both sides of the configured store. Starting and closing the writer starts and closes the backend."""

    writer: ManagedWriter
    reader: TelemetryReader


def chosen_store(settings: Settings, values: LatestValues | None = None) -> ChosenStore:
    """SQLite in the data folder, or IoTDB behind a journal there: IoTDB acknowledges before its disk has the data.

    values: cache of newest values in front of IoTDB; None: no cache. SQLite needs none, it is as fast as Redis.
    """
    if not is_iotdb(settings.telemetry_url):
        store = SqliteStore(
            settings.data_dir / "telemetry.db",
            clock=utc_now_ms,
            settled=CLOCK.is_settled,
            most_measurements=settings.max_device_measurements,
        )
        return ChosenStore(store, store)
    backend = IotdbStore(
        address_of(settings.telemetry_url),
        clock=utc_now_ms,
        settled=CLOCK.is_settled,
        sole=settings.is_sole,
        most_measurements=settings.max_device_measurements,
    )
    writer = JournaledWriter(
        backend,
        settings.data_dir / "journal",
        writer=None if values is None else CachedLatestWriter(backend, values),
        limit_bytes=settings.journal_limit_bytes,
        start_seconds=settings.store_start_seconds,
    )
    return ChosenStore(writer, backend if values is None else CachedLatestReader(backend, values))


def is_iotdb(url: str) -> bool:
    """Whether the URL names an IoTDB store."""
    return url.startswith(SCHEME)


def address_of(url: str) -> IotdbAddress:
    """Parse iotdb://user:password@host:port[,host:port]; defaults: the user of IoTDB, port 6667."""
    credentials, _, hosts = url.removeprefix(SCHEME).rpartition("@")
    user, _, password = (credentials or "root:root").partition(":")
    nodes = [host if ":" in host else f"{host}:6667" for host in hosts.strip("/").split(",")]
    return IotdbAddress(nodes, unquote(user), unquote(password))


def location_of(url: str) -> Location:
    """The address of the first node."""
    if not is_iotdb(url):
        return Location()
    address = address_of(url)
    host, _, port = address.nodes[0].rpartition(":")
    return Location(host, int(port), address.database)


class RetentionRule:
    """Sets the default retention of the store, as soon as it is available. milliseconds: None for no limit."""

    def __init__(self, writer: TelemetryWriter, milliseconds: int | None) -> None:
        self._writer = writer
        self._milliseconds = milliseconds
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Set the retention, now or later."""
        if not await self._try_set():
            self._task = asyncio.create_task(self._keep_trying(), name="retention rule")

    async def close(self) -> None:
        """Stop trying."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _keep_trying(self) -> None:
        while not await self._try_set():  # noqa: ASYNC110 - the store sets no event when it is back
            await asyncio.sleep(_RETRY_SECONDS)
        log.info("retention_rule_set", milliseconds=self._milliseconds)

    async def _try_set(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._writer.set_retention(None, self._milliseconds)
        except (Unavailable, TimeoutError):
            return False
        except Exception:
            # Without the rule, readings would be kept forever.
            log.exception("retention_rule_not_set")
            return False
        return True
