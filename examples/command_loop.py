"""A device that executes commands from a stream, and an operator that waits for the result."""

import asyncio
import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from iotflow.channels import credentials, open_channel
from iotflow.v1.command_pb2 import Command
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest, StreamCommandsRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

TARGET = os.environ.get("IOTFLOW_GRPC", "localhost:50051")
URL = os.environ.get("IOTFLOW_URL", "http://localhost:5000")
TOKEN_FILE = Path(os.environ.get("IOTFLOW_DATA_DIR", "data"), "admin-token")


def execute(command: Command) -> StreamCommandsRequest:
    """What the firmware does. A command can arrive twice under one id: remember the ids whose effect must not repeat."""
    answer = StreamCommandsRequest(command_id=command.id, state="failed")
    if command.name == "blink":
        answer.state = "succeeded"
        answer.result["blinked"] = MessageToDict(command.parameters)["times"]
    return answer


async def device_loop(channel: grpc.aio.Channel, key: str) -> None:
    """Execute commands until the stream ends; a receipt follows each answer."""
    stream = DeviceServiceStub(channel).StreamCommands(metadata=credentials(key))
    async for message in stream:
        if message.HasField("command"):
            await stream.write(execute(message.command))
        elif message.receipt.reason:
            print("answer rejected:", message.receipt.reason)


def send(device_id: int, name: str) -> Any:
    """Send a command by REST, and wait up to 20 seconds for its end."""
    body = {"name": name, "parameters": {"times": 3}, "time_to_live_seconds": 60, "wait_seconds": 20}
    headers = {"authorization": f"Bearer {TOKEN_FILE.read_text().strip()}"}
    url = f"{URL}/api/v1/admin/devices/{device_id}/commands"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)["command"]


async def main() -> None:
    async with open_channel(TARGET) as channel:
        request = RegisterDeviceRequest(name=f"blinker {time.time()}")
        device = (await DeviceServiceStub(channel).RegisterDevice(request)).device
        loop = asyncio.create_task(device_loop(channel, device.api_key))
        for name in ("blink", "dance"):
            command = await asyncio.to_thread(send, device.id, name)
            print(name, command["state"], command.get("result", {}))
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
