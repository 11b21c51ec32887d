"""An unexpected failure of one batch does not affect the others of its group."""

import asyncio
from typing import Any

import numpy as np

from iotflow_server.devices.device import Device, utc_now
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Column, Rejection, ValueType
from iotflow_server.telemetry.checks import FutureLimit
from iotflow_server.telemetry.ingest import Ingest
from iotflow_server.telemetry.outcome import Tally

POISON = 3


class Failing:
    """Fails if a batch of one device is in the group."""

    writers = 1
    buffering = False

    def __init__(self) -> None:
        self.stored: list[int] = []

    async def write(self, batches: Any) -> list[tuple[Rejection, ...]]:
        if any(batch.device_id == POISON for batch in batches):
            raise KeyError("a fault of the store's own")
        self.stored.extend(batch.device_id for batch in batches)
        return [()] * len(batches)


async def published(_stored: Any) -> None:
    return


def batch(device_id: int) -> tuple[Device, Batch]:
    now = utc_now()
    device = Device(device_id, "", "", "", "active", "", "", "", {}, now, now, None)
    return device, Batch(device_id, np.arange(1), (Column("m", ValueType.DOUBLE, np.zeros(1)),))


async def test_one_batch_does_not_fail_the_others() -> None:
    store = Failing()
    ingest = Ingest(
        writer=store,  # type: ignore[arg-type]
        queue_bytes=2**20,
        tally=Tally(),
        publish=published,
        future=FutureLimit(None, lambda: 0),
    )
    await ingest.start()
    futures = await ingest.put([batch(number) for number in range(6)])
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    await ingest.close()
    assert store.stored == [0, 1, 2, 4, 5]
    failed = outcomes.pop(POISON)
    assert isinstance(failed, Unavailable)
    assert failed.reason == "STORE_FAILED"
    assert not any(isinstance(outcome, Exception) for outcome in outcomes)
