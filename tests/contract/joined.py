"""A writer and a reader as the one store that the conformance suite tests."""

from collections.abc import Sequence

from iotflow_server.telemetry.ports import SERVER, JournalState, Latest, ManagedWriter, TelemetryReader, TelemetryWriter


class JoinedStore:
    """A TelemetryStore whose writer and reader are separate objects; `managed` starts, closes and describes it."""

    def __init__(self, managed: ManagedWriter, writer: TelemetryWriter, reader: TelemetryReader) -> None:
        self.managed, self.writer, self.reader = managed, writer, reader
        self.name, self.writers, self.check = managed.name, managed.writers, managed.check
        self.write, self.delete, self.drop = writer.write, writer.delete, writer.drop
        self.retype, self.set_retention = writer.retype, writer.set_retention
        self.read, self.aggregate = reader.read, reader.aggregate
        self.measurements, self.count = reader.measurements, reader.count

    @property
    def buffering(self) -> bool:
        return self.managed.buffering

    @property
    def journal(self) -> JournalState | None:
        return self.managed.journal

    async def start(self) -> None:
        await self.managed.start()

    async def close(self) -> None:
        await self.managed.close()

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        return await self.reader.latest(device_ids, measurements, caller=caller)
