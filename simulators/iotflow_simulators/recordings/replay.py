"""Sends a recording as a device sends its measurements."""

from dataclasses import dataclass

from iotflow.batches import encode_batch
from iotflow.errors import ServerError
from iotflow.writer import TelemetryWriter
from iotflow_simulators import SimulationError
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.recordings.chunk import Pace
from iotflow_simulators.recordings.csv_rows import Recording, chunks
from iotflow_simulators.recordings.progress import ProgressDisplay
from iotflow_simulators.recordings.tally import ReplayTally
from iotflow_simulators.registration import KeyStore, Registration

BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Destination:
    """device: its name. keys: holds its key. token: for registration where that is not open; empty: there is none."""

    server: DoorAddress
    device: str
    keys: KeyStore
    token: str = ""


async def replay(
    recording: Recording, to: Destination, tally: ReplayTally, progress: ProgressDisplay, *, speed: float | None = None
) -> None:
    """Register the device, or use its kept key, and send every row. Returns when all rows are acknowledged.

    speed: multiple of real time; None: as fast as the server accepts rows. After a broken connection or a restart of the
    server, unacknowledged rows are sent again. The tally counts the rows, also where an exception ends the replay.
    Raises SimulationError.
    """
    async with to.server.channel() as channel:
        key = await Registration(channel, str(to.server), to.keys, to.token).key(to.device)
        writer = TelemetryWriter(
            channel,
            api_key=key,
            on_acknowledged=lambda rows: _acknowledged(rows, tally, progress),
            on_rejected=tally.reject,
            on_interrupted=lambda error, delay: progress.write(f"interrupted: {error}; next attempt in {delay:.1f} s"),
        )
        try:
            async with writer:
                await _send(recording, writer, Pace(speed), tally)
        except ServerError as error:
            raise SimulationError(f"{to.server} rejects the readings of {to.device!r}: {error}") from error


def _acknowledged(rows: int, tally: ReplayTally, progress: ProgressDisplay) -> None:
    progress.advance(rows, tally.acknowledge(rows))


async def _send(recording: Recording, writer: TelemetryWriter, pace: Pace, tally: ReplayTally) -> None:
    for chunk in chunks(recording, BATCH_ROWS):
        filled = chunk.filled()
        tally.empty += len(chunk.times) - len(filled.times)
        async for part in pace.parts(filled):
            await writer.send(encode_batch(part.times, part.columns))
            tally.count(part, in_order=recording.in_order)
