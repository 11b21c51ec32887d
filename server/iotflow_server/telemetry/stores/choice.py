"""Which store the settings choose."""

from dataclasses import dataclass
from urllib.parse import unquote

from iotflow_server.clock import CLOCK
from iotflow_server.settings import Settings
from iotflow_server.telemetry.journal import JournaledStore
from iotflow_server.telemetry.latest import CachedLatestStore, LatestValues
from iotflow_server.telemetry.ports import TelemetryStore
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


def chosen_store(settings: Settings, values: LatestValues | None = None) -> TelemetryStore:
    """SQLite in the data folder, or IoTDB behind a journal there: IoTDB acknowledges before its disk has the data.

    values: what remembers IoTDB's newest values, if anything does. SQLite tells them as fast as Redis would.
    """
    if not is_elsewhere(settings.telemetry_url):
        return SqliteStore(
            settings.data_dir / "telemetry.db",
            clock=utc_now_ms,
            settled=CLOCK.is_settled,
            most_measurements=settings.max_device_measurements,
        )
    backend = IotdbStore(
        address_of(settings.telemetry_url),
        clock=utc_now_ms,
        settled=CLOCK.is_settled,
        sole=settings.is_sole,
        most_measurements=settings.max_device_measurements,
    )
    return JournaledStore(
        backend if values is None else CachedLatestStore(backend, values),
        settings.data_dir / "journal",
        limit_bytes=settings.journal_limit_bytes,
        start_seconds=settings.store_start_seconds,
    )


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
