"""Two adapters with the same name disconnect each other, and the log has the remedy."""

from pathlib import Path

from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually
from tests.support.mqtt import MOSQUITTO, stack_at


def test_the_log_has_the_remedy(server_of_stacks: Server, tmp_path: Path) -> None:
    with stack_at(server_of_stacks, tmp_path, MOSQUITTO) as stack:
        one, other = stack.adapter(), stack.adapter()
        one.start()
        other.start()
        eventually(lambda: any(part.logged("give each an IOTFLOW_GATEWAY_NAME of its own") for part in (one, other)))
