"""GetDashboard, GetAnalytics and GetStats: statistics of all devices and of this process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from iotflow.v1 import fleet_pb2
from iotflow.v1 import fleet_service_pb2 as wire
from iotflow.words import DeviceStatus
from iotflow_server.auth.tokens import Tokens
from iotflow_server.commands.commands import Commands
from iotflow_server.devices.statistics import DeviceStatistics
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.telemetry.live import LiveFeed
from iotflow_server.telemetry.outcome import Tally
from iotflow_server.telemetry.times import utc_now_ms

# Devices in the dashboard's list of recently seen devices.
MOST_RECENT = 10


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of devices of each status, and of devices that are online."""

    by_status: Mapping[str, int]
    online: int

    @property
    def total(self) -> int:
        """Number of all devices."""
        return sum(self.by_status.values())

    @property
    def offline(self) -> int:
        """Number of devices that are not online."""
        return self.total - self.online


class DeviceCounter:
    """Counts the devices of the registry. Raises Unavailable."""

    def __init__(self, *, figures: DeviceStatistics, last_seen: LastSeen, online: Online) -> None:
        self._figures = figures
        self._last_seen = last_seen
        self._online = online

    async def count(self) -> Counts:
        """Count the devices by status, and those that are online."""
        if not self._figures.is_indexed:
            # The newest last-seen times are in memory only.
            await self._last_seen.flush()
        return Counts(await self._figures.by_status(), await self._figures.online(self._online.since))


class IngestStatistics:
    """Statistics of the ingest of this process."""

    def __init__(self, *, tally: Tally, feed: LiveFeed, active_streams: ActiveStreams) -> None:
        self._tally = tally
        self._feed = feed
        self._active_streams = active_streams

    def figures(self) -> fleet_pb2.IngestStatistics:
        """The statistics since the start of the process."""
        tally = self._tally
        return fleet_pb2.IngestStatistics(
            batches_stored=tally.batches,
            readings_stored=tally.readings,
            values_stored=tally.values,
            values_rejected=tally.rejected,
            open_streams=len(self._active_streams),
            subscribers=self._feed.subscribers,
        )


class FleetStatistics:
    """Statistics of all devices, and of this process."""

    def __init__(
        self,
        *,
        figures: DeviceStatistics,
        counter: DeviceCounter,
        ingest: IngestStatistics,
        encoder: DeviceEncoder,
        tokens: Tokens,
        commands: Commands,
    ) -> None:
        self._figures = figures
        self._counter = counter
        self._ingest = ingest
        self._encoder = encoder
        self._tokens = tokens
        self._commands = commands

    async def dashboard(self) -> wire.GetDashboardResponse:
        """GetDashboard."""
        counts = _counts(await self._counter.count())
        recent = await self._figures.recently_seen(MOST_RECENT)
        return wire.GetDashboardResponse(
            timestamp=timestamp_ms(utc_now_ms()),
            devices=counts,
            recently_seen=await self._encoder.devices(recent),
            ingest=self._ingest.figures(),
        )

    async def analytics(self) -> wire.GetAnalyticsResponse:
        """GetAnalytics."""
        return wire.GetAnalyticsResponse(
            by_type=_named(await self._figures.grouped("device_type")),
            by_status=_named((await self._figures.by_status()).items()),
            by_location=_named(await self._figures.grouped("location")),
            by_firmware_version=_named(await self._figures.grouped("firmware_version")),
            registrations=_named(await self._figures.registrations()),
        )

    async def stats(self) -> wire.GetStatsResponse:
        """GetStats."""
        return wire.GetStatsResponse(
            timestamp=timestamp_ms(utc_now_ms()),
            device_stats=_counts(await self._counter.count()),
            ingest_stats=self._ingest.figures(),
            tokens=await self._tokens.count(),
            open_commands=await self._commands.open_count(),
        )


def _counts(counts: Counts) -> fleet_pb2.DeviceCounts:
    return fleet_pb2.DeviceCounts(
        total=counts.total,
        active=counts.by_status[DeviceStatus.ACTIVE],
        inactive=counts.by_status[DeviceStatus.INACTIVE],
        maintenance=counts.by_status[DeviceStatus.MAINTENANCE],
        error=counts.by_status[DeviceStatus.ERROR],
        online=counts.online,
        offline=counts.offline,
    )


def _named(counts: Iterable[tuple[str, int]]) -> list[fleet_pb2.NamedCount]:
    return [fleet_pb2.NamedCount(name=name, count=count) for name, count in counts]
