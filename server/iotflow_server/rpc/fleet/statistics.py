"""The counts behind dashboard, analytics and stats."""

from collections.abc import Iterable

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
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.telemetry.live import LiveFeed
from iotflow_server.telemetry.outcome import Tally
from iotflow_server.telemetry.times import utc_now_ms

RECENT = 10


class FleetStatistics:
    """Counts over all devices, and of this process."""

    def __init__(
        self,
        *,
        figures: DeviceStatistics,
        tokens: Tokens,
        commands: Commands,
        presence: LastSeen,
        online: Online,
        encoder: DeviceEncoder,
        tally: Tally,
        feed: LiveFeed,
        sessions: Sessions,
    ) -> None:
        self._figures = figures
        self._tokens = tokens
        self._commands = commands
        self._presence = presence
        self._online = online
        self._encoder = encoder
        self._tally = tally
        self._feed = feed
        self._sessions = sessions

    async def dashboard(self) -> wire.GetDashboardResponse:
        """GetDashboard."""
        # What was heard in the last moments is in memory only.
        await self._presence.flush()
        recent = await self._figures.recently_seen(RECENT)
        return wire.GetDashboardResponse(
            timestamp=timestamp_ms(utc_now_ms()),
            devices=await self._device_counts(),
            recently_seen=await self._encoder.devices(recent),
            ingest=self._ingest(),
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
        await self._presence.flush()
        return wire.GetStatsResponse(
            timestamp=timestamp_ms(utc_now_ms()),
            device_stats=await self._device_counts(),
            ingest_stats=self._ingest(),
            tokens=await self._tokens.count(),
            open_commands=await self._commands.open_count(),
        )

    async def _device_counts(self) -> fleet_pb2.DeviceCounts:
        by_status = await self._figures.by_status()
        total = sum(by_status.values())
        online = await self._figures.online(self._online.since)
        return fleet_pb2.DeviceCounts(
            total=total,
            active=by_status[DeviceStatus.ACTIVE],
            inactive=by_status[DeviceStatus.INACTIVE],
            maintenance=by_status[DeviceStatus.MAINTENANCE],
            error=by_status[DeviceStatus.ERROR],
            online=online,
            offline=total - online,
        )

    def _ingest(self) -> fleet_pb2.IngestFigures:
        tally = self._tally
        return fleet_pb2.IngestFigures(
            batches_stored=tally.batches,
            readings_stored=tally.readings,
            values_stored=tally.values,
            values_rejected=tally.rejected,
            open_streams=len(self._sessions),
            subscribers=self._feed.subscribers,
        )


def _named(counts: Iterable[tuple[str, int]]) -> list[fleet_pb2.NamedCount]:
    return [fleet_pb2.NamedCount(name=name, count=count) for name, count in counts]
