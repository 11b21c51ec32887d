"""Rows are released at the rhythm of the recording."""

import asyncio

import numpy as np

from iotflow_simulators.recordings.chunk import Chunk, Pace


def chunk(*times: int) -> Chunk:
    return Chunk(np.array(times, np.int64), {"a": np.arange(len(times), dtype=np.float64)})


async def due(pace: Pace, *chunks: Chunk) -> list[tuple[int, float]]:
    """Each row's time (ms), and the moment of its release (seconds after the first)."""
    clock = asyncio.get_running_loop().time
    seen = [(time, clock()) for one in chunks async for part in pace.parts(one) for time in part.times.tolist()]
    return [(time, moment - seen[0][1]) for time, moment in seen]


async def test_rows_wait_for_their_time() -> None:
    rows = await due(Pace(100.0), chunk(1_000, 6_000, 2_000), chunk(3_000, 11_000))
    assert [time for time, _ in rows] == [1_000, 6_000, 2_000, 3_000, 11_000]
    seconds = [moment for _, moment in rows]
    # A row with an earlier time than the one before does not wait; the next row waits for its own time.
    assert 0.04 < seconds[1] <= seconds[2] <= seconds[3] < seconds[4]
    assert seconds[4] > 0.09


async def test_without_a_speed_nothing_waits() -> None:
    whole = chunk(0, 10**12)
    assert [part async for part in Pace(None).parts(whole)] == [whole]


async def test_an_empty_chunk_has_no_parts() -> None:
    assert [part for speed in (None, 1.0) async for part in Pace(speed).parts(chunk())] == []
