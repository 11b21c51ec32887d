"""A recording, sent as if a device measured it now."""

from dataclasses import dataclass

from iotflow.batches import encode_batch
from iotflow.channels import open_channel
from iotflow.errors import ServerError
from iotflow.writer import TelemetryWriter
from iotflow_simulators.csv_rows import Recording, chunks
from iotflow_simulators.errors import SimulationFailed
from iotflow_simulators.key_store import KeyStore
from iotflow_simulators.pace import Pace
from iotflow_simulators.progress import Shown
from iotflow_simulators.registration import Registration
from iotflow_simulators.tally import Tally

BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Destination:
    """server: host:port. device: its name. keys: where its key is kept. token: to register with, if need be."""

    server: str
    device: str
    keys: KeyStore
    token: str = ""


async def replay(
    recording: Recording, to: Destination, tally: Tally, shown: Shown, *, speed: float | None = None
) -> None:
    """Register the device, or take its kept key, and send every row; returns when all are acknowledged.

    speed: real time times this much; None: as fast as the server takes it. Over a broken connection, or when the server
    starts anew, what was not acknowledged is sent again. The tally tells how far it got, whatever ends it.
    Raises SimulationFailed.
    """
    async with open_channel(to.server) as channel:
        key = await Registration(channel, to.server, to.keys, to.token).key(to.device)
        writer = TelemetryWriter(
            channel,
            api_key=key,
            on_acknowledged=lambda rows: _acknowledged(rows, tally, shown),
            on_rejected=tally.reject,
            on_interrupted=lambda error, delay: shown.note(f"interrupted: {error}; next attempt in {delay:.1f} s"),
        )
        try:
            async with writer:
                await _send(recording, writer, Pace(speed), tally)
        except ServerError as error:
            raise SimulationFailed(f"{to.server} takes no more of {to.device!r}: {error}") from None


def _acknowledged(rows: int, tally: Tally, shown: Shown) -> None:
    shown.advance(rows, tally.acknowledge(rows))


async def _send(recording: Recording, writer: TelemetryWriter, pace: Pace, tally: Tally) -> None:
    for chunk in chunks(recording, BATCH_ROWS):
        filled = chunk.filled()
        tally.empty += len(chunk.times) - len(filled.times)
        async for part in pace.parts(filled):
            await writer.send(encode_batch(part.times, part.columns))
            tally.count(part, in_order=recording.in_order)
