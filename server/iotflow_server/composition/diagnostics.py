"""The metrics and the health checks of this process."""

from collections.abc import Callable

from iotflow_server.composition.fleet import Fleet
from iotflow_server.composition.telemetry import Telemetry
from iotflow_server.health import Check, HealthChecks, PartsDown
from iotflow_server.metrics import Metrics
from iotflow_server.mqtt.adapters import AdapterLinks
from iotflow_server.settings import Settings
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.workers.member import Member


def metrics_of(fleet: Fleet, telemetry: Telemetry, active_streams: ActiveStreams, member: Member) -> Metrics:
    """The metrics, with their help texts and sources."""
    bus = telemetry.bus
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "iotflow_worker": ("Number of the worker process.", lambda: member.number),
        "iotflow_ingest_waiting_bytes": (
            "Size in bytes of the readings that wait for the store.",
            lambda: telemetry.ingest.waiting_bytes,
        ),
        "iotflow_open_streams": ("Open streams.", lambda: len(active_streams)),
        "iotflow_devices_online": ("Devices that are online.", lambda: fleet.presence.online.count),
        "iotflow_subscribers": ("Subscribers of the live feed.", lambda: telemetry.feed.subscribers),
        "iotflow_live_bus_degraded": (
            "1 while the live bus to other processes is unavailable.",
            lambda: bus.state.degraded,
        ),
        "iotflow_live_bus_backlog_bytes": (
            "Size in bytes of the readings that wait for the live bus.",
            lambda: bus.state.backlog_bytes,
        ),
        "iotflow_live_bus_dropped_readings": ("Readings lost on the live bus.", lambda: bus.state.dropped),
    }
    if latest := telemetry.latest:
        gauges["iotflow_latest_hits"] = ("Devices whose newest values were in the cache.", lambda: latest.hits)
        gauges["iotflow_latest_misses"] = (
            "Devices whose newest values were not in the cache.",
            lambda: latest.misses,
        )
    return Metrics(telemetry.device_ingest.tally, gauges, lambda: telemetry.store.writer.journal)


def health_checks(
    settings: Settings, fleet: Fleet, telemetry: Telemetry, active_streams: ActiveStreams, links: AdapterLinks
) -> HealthChecks:
    """The checks of the components, and of other processes."""
    checks: dict[str, Check] = {
        "database": fleet.database.check,
        "telemetry_store": telemetry.store.writer.check,
        "ingest": telemetry.ingest.check,
        "live_bus": telemetry.bus.check,
    }
    external: dict[str, Check] = {"parts": PartsDown(settings.parts_file).check, "mqtt": links.check}
    return HealthChecks(checks, external, active_streams)
