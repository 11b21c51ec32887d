"""Which store the settings choose."""

from dataclasses import dataclass
from urllib.parse import unquote

from iotflow_server.clock import CLOCK
from iotflow_server.settings import Settings
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.latest import CachedLatestReader, CachedLatestWriter, LatestValues
from iotflow_server.telemetry.ports import ManagedWriter, TelemetryReader
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from iotflow_server.telemetry.times import utc_now_ms

SCHEME = "iotdb://"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a store is, as the older service told it; empty for the embedded one."""

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
    if not is_elsewhere(settings.telemetry_url):
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


def is_elsewhere(url: str) -> bool:
    """Whether readings are kept in IoTDB."""
    return url.startswith(SCHEME)


def address_of(url: str) -> IotdbAddress:
    """iotdb://user:password@host:port[,host:port]; without user IoTDB's own default, without port 6667."""
    credentials, _, hosts = url.removeprefix(SCHEME).rpartition("@")
    user, _, password = (credentials or "root:root").partition(":")
    nodes = [host if ":" in host else f"{host}:6667" for host in hosts.strip("/").split(",")]
    return IotdbAddress(nodes, unquote(user), unquote(password))


def location_of(url: str) -> Location:
    """Where the first node is."""
    if not is_elsewhere(url):
        return Location()
    address = address_of(url)
    host, _, port = address.nodes[0].rpartition(":")
    return Location(host, int(port), address.database)
