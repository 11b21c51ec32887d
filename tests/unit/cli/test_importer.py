"""An import goes on after broken streams, until too many in a row have brought no answer."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from iotflow.channels import credentials, open_channel
from iotflow.v1 import fleet_service_pb2
from iotflow.v1.fleet_pb2 import ImportedDevice
from iotflow.v1.fleet_service_pb2 import ImportDevicesRequest, ImportDevicesResponse
from iotflow_cli.device_import import ImportFailed, ImportProblem, ImportResult, import_devices, importer
from iotflow_cli.device_import.importer import RejectedRow
from tests.support.scripted_server import reason_details, serving

NAMES = ["first", "second", "third", "fourth"]
RETRYABLE = reason_details("UNAVAILABLE", retryable=True)


@pytest.fixture(autouse=True)
def _short_messages_and_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "MOST_DEVICES", 1)
    monkeypatch.setattr(importer, "MOST_FAILURES", 3)
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 0.01)


def test_every_device_with_an_outcome_is_done() -> None:
    rejected = [RejectedRow(line, "name", "REASON", "", 0) for line in (2, 3)]
    assert ImportResult("import", registered=1, skipped=2, rejected=rejected).done == 5


class Streams:
    """Each stream answers so many messages, and then breaks; the streams after these answer all."""

    def __init__(self, answered: list[int]) -> None:
        self.names: list[str] = []
        self._answered = answered

    async def imports(
        self, requests: AsyncIterator[ImportDevicesRequest], context: Any
    ) -> AsyncIterator[ImportDevicesResponse]:
        left = self._answered.pop(0) if self._answered else len(NAMES)
        while left:
            left -= 1
            request = await anext(requests, None)
            if request is None:
                return
            (device,) = request.devices
            self.names.append(device.name)
            imported = ImportedDevice(index=0, device_id=len(self.names), api_key=f"key of {device.name}")
            yield ImportDevicesResponse(sequence=request.sequence, imported=[imported])
        context.set_trailing_metadata(RETRYABLE)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "The server restarts.")


async def imported(folder: Path, streams: Streams) -> ImportResult:
    devices = folder / "devices.csv"
    devices.write_text("\n".join(["name", *NAMES]))
    async with (
        serving(fleet_service_pb2.DESCRIPTOR, {"ImportDevices": streams.imports}) as address,
        open_channel(address) as channel,
    ):
        return await import_devices(devices, folder / "keys.csv", channel, credentials(token="token"))


@pytest.mark.parametrize("answered", [[1, 1, 1], [1, 0, 1, 0, 1, 0], [0, 0, 1, 0, 1]])
async def test_an_answer_ends_a_row_of_failures(tmp_path: Path, answered: list[int]) -> None:
    streams = Streams(answered)
    result = await imported(tmp_path, streams)
    assert result.registered == len(NAMES)
    assert streams.names == NAMES


@pytest.mark.parametrize(("answered", "registered"), [([0, 0, 0], 0), ([1, 0, 0, 0], 1), ([2, 0, 1, 0, 0, 0], 3)])
async def test_an_import_ends_after_the_stated_number_of_failures_in_a_row(
    tmp_path: Path, answered: list[int], registered: int
) -> None:
    with pytest.raises(ImportFailed) as raised:
        await imported(tmp_path, Streams(answered))
    assert raised.value.result.registered == registered
    assert raised.value.error.retryable


async def test_an_import_ends_where_its_file_has_lost_devices_meanwhile(tmp_path: Path) -> None:
    class Shortened(Streams):
        async def imports(
            self, requests: AsyncIterator[ImportDevicesRequest], context: Any
        ) -> AsyncIterator[ImportDevicesResponse]:
            (tmp_path / "devices.csv").write_text("name\nfirst\n")
            async for answer in super().imports(requests, context):
                yield answer

    with pytest.raises(ImportProblem, match=f"^{tmp_path}/devices.csv: the file has changed during the import"):
        await imported(tmp_path, Shortened([1]))
