"""A durable store as a FlushedBackend."""

from typing import Any

from iotflow_server.telemetry.ports import TelemetryStore


class DurableBackend:
    """Delegates everything to the store; there is never anything to flush."""

    epoch = 0

    def __init__(self, store: TelemetryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def flush(self) -> None:
        """Nothing to do: writes are durable on return."""
