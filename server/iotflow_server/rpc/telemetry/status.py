"""GetTelemetryStatus: the state of the telemetry store."""

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow.words import StoreStatus
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import Unavailable
from iotflow_server.interceptors.authentication import Diagnostics
from iotflow_server.interceptors.middleware import Context
from iotflow_server.telemetry.ports import JournalState, ManagedWriter
from iotflow_server.telemetry.stores.choice import Location

wire = telemetry_service_pb2


class StoreStatusHandler:
    """Checks the store itself. Only callers that may see diagnostics get its name and the state of its journal."""

    def __init__(
        self, *, writer: ManagedWriter, location: Location, registry: Registry, diagnostics: Diagnostics
    ) -> None:
        self._writer = writer
        self._location = location
        self._registry = registry
        self._diagnostics = diagnostics

    async def status(self, context: Context) -> wire.GetTelemetryStatusResponse:
        """GetTelemetryStatus."""
        status = await _status(self._writer, self._location, await self._registry.total())
        if not await self._diagnostics.allowed(context):
            # Clients of the older service read the other fields.
            status.ClearField("journal")
            status.ClearField("store")
        return status


async def _status(store: ManagedWriter, location: Location, devices: int) -> wire.GetTelemetryStatusResponse:
    accepts_writes = await _accepts_writes(store)
    journal = store.journal
    available = accepts_writes if journal is None else journal.backend_available
    buffering = not available or (journal is not None and journal.buffering)
    return wire.GetTelemetryStatusResponse(
        iotdb_available=available,
        iotdb_host=location.host,
        iotdb_port=location.port,
        iotdb_database=location.database,
        total_devices=devices,
        status=(StoreStatus.BUFFERING if buffering else StoreStatus.HEALTHY)
        if accepts_writes
        else StoreStatus.UNAVAILABLE,
        store=store.name,
        journal=None if journal is None else _journal(journal),
    )


async def _accepts_writes(store: ManagedWriter) -> bool:
    try:
        await store.check()
    except Unavailable:
        return False
    return True


def _journal(state: JournalState) -> telemetry_pb2.JournalStatus:
    return telemetry_pb2.JournalStatus(
        buffering=state.buffering,
        replaying=state.replaying,
        bytes=state.bytes,
        limit_bytes=state.limit_bytes,
        entries=state.entries,
        oldest_seconds=round(state.oldest_seconds, 3),
        replayed_values=state.replayed,
        rejected_values=state.rejected,
    )
