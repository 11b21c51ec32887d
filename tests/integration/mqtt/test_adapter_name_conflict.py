"""Two adapters with the same name disconnect each other, and the log has the remedy."""

from pathlib import Path

from tests.integration.mqtt.clients import eventually
from tests.support.mqtt import MOSQUITTO, mqtt_stack


def test_the_log_has_the_remedy(tmp_path: Path) -> None:
    with mqtt_stack(tmp_path, MOSQUITTO) as stack:
        one, other = stack.adapter(), stack.adapter()
        one.start()
        other.start()
        eventually(lambda: any(part.logged("give each an IOTFLOW_GATEWAY_NAME of its own") for part in (one, other)))
