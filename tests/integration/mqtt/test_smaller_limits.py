"""A server with smaller limits, or without batches of many devices, rejects no reading because it was joined with others."""

from pathlib import Path

from tests.integration.mqtt.clients import counted, eventually
from tests.support.mqtt import MOSQUITTO, mqtt_stack
from tests.support.mqtt_device import mqtt_device
from tests.support.processes import free_port

DEVICES, NAMES = 60, 30


def test_devices_are_sent_separately(tmp_path: Path) -> None:
    """Two kinds of devices with too many measurements for one batch."""
    metrics = free_port()
    with mqtt_stack(tmp_path, MOSQUITTO, {"IOTFLOW_MAX_BATCH_COLUMNS": "50"}) as stack:
        devices = [stack.register(f"one of many {number}") for number in range(DEVICES)]
        adapter = stack.adapter(metrics_port=str(metrics))
        adapter.start()
        adapter.stop()
        token = (stack.server.folder / "gateway-token").read_text().strip()
        with mqtt_device(stack.port, "iotflow/gateway", token) as client:
            for number, device in enumerate(devices):
                data = {f"m{number % 2}_{name}": 1 for name in range(NAMES)}
                client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": 1_700_000_000, "data": data})
        # All readings wait for the server.
        adapter.start()
        eventually(lambda: all(len(stack.readings(device.id)) == 1 for device in devices))
        assert {len(stack.readings(device.id)[1_700_000_000_000]) for device in devices} == {NAMES}
        assert counted(metrics, "iotflow_gateway_refused_total") == 0
        assert adapter.logged("devices_sent_separately") == 1
