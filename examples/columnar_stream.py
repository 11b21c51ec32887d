"""Streams columns from numpy. The writer resends what was not acknowledged when a connection breaks."""

import asyncio
import os
import time

import numpy as np

from iotflow.batches import decode_batch, encode_batch
from iotflow.channels import credentials, open_channel
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.writer import TelemetryWriter

TARGET = os.environ.get("IOTFLOW_GRPC", "localhost:50051")
BATCHES, ROWS = 10, 1_000


async def main() -> None:
    async with open_channel(TARGET) as channel:
        request = RegisterDeviceRequest(name=f"pump {time.time()}")
        device = (await DeviceServiceStub(channel).RegisterDevice(request)).device
        first = int(time.time() * 1_000) - BATCHES * ROWS
        async with TelemetryWriter(channel, api_key=device.api_key, on_rejected=print) as writer:
            for batch in range(BATCHES):
                times = first + batch * ROWS + np.arange(ROWS)
                # A masked value is no value; the type of a column is that of its dtype.
                flow = np.ma.masked_less(np.sin(times / 1_000), -0.9)
                await writer.send(encode_batch(times, {"flow": flow, "running": times % 2 == 0}))
        # Leaving the block waited for the last acknowledgement: every row is stored.
        reads = TelemetryServiceStub(channel).ReadTelemetry(
            ReadTelemetryRequest(device_ids=[device.id]), metadata=credentials(device.api_key)
        )
        rows = missing = 0
        async for answer in reads:
            times, columns = decode_batch(answer.batch)
            rows += len(times)
            missing += int(np.ma.getmaskarray(columns["flow"]).sum()) if "flow" in columns else len(times)
    print(f"{rows} rows, {missing} of them without a flow")


if __name__ == "__main__":
    asyncio.run(main())
