"""How the telemetry store is."""

from iotflow.v1 import telemetry_service_pb2
from iotflow.words import StoreStatus
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import JournalState, ManagedWriter
from iotflow_server.telemetry.stores.choice import Location

wire = telemetry_service_pb2


async def store_status(store: ManagedWriter, location: Location, devices: int) -> wire.GetTelemetryStatusResponse:
    """GetTelemetryStatus: asks the store itself, and tells of the journal where there is one."""
    taken = await _takes_writes(store)
    journal = store.journal
    available = taken if journal is None else journal.backend_available
    buffering = not available or (journal is not None and journal.buffering)
    return wire.GetTelemetryStatusResponse(
        iotdb_available=available,
        iotdb_host=location.host,
        iotdb_port=location.port,
        iotdb_database=location.database,
        total_devices=devices,
        status=(StoreStatus.BUFFERING if buffering else StoreStatus.HEALTHY) if taken else StoreStatus.UNAVAILABLE,
        store=store.name,
        journal=None if journal is None else _journal(journal),
    )


async def _takes_writes(store: ManagedWriter) -> bool:
    try:
        await store.check()
    except Unavailable:
        return False
    return True


def _journal(state: JournalState) -> wire.JournalStatus:
    return wire.JournalStatus(
        buffering=state.buffering,
        replaying=state.replaying,
        bytes=state.bytes,
        limit_bytes=state.limit_bytes,
        entries=state.entries,
        oldest_seconds=round(state.oldest_seconds, 3),
        replayed_values=state.replayed,
        refused_values=state.refused,
    )
