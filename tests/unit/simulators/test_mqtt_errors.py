"""What a simulated device makes of a message on its topic `…/errors`."""

from typing import Any

import pytest

from iotflow_simulators.doors.mqtt_errors import RefusedMessage, refused_message

TOPIC = "iotflow/devices/7/telemetry"


def error(**more: Any) -> dict[str, Any]:
    return {"reason": "TYPE_CONFLICT", "message": "a text", "topic": TOPIC, **more}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (error(correlation=b"12".hex()), (12, "")),
        (error(message_id="12"), (12, "")),
        (error(message_id="of another sender"), (None, "")),
        (error(), (None, "")),
        (error(message_id="3", field="data.temperature"), (3, "temperature")),
        (error(message_id="3", field="readings[0].data.temperature"), (3, "temperature")),
        (error(message_id="3", field="timestamp"), (3, "")),
    ],
)
def test_a_refusal_names_its_reading_and_its_measurement(
    content: dict[str, Any], found: tuple[int | None, str]
) -> None:
    number, measurement = found
    assert refused_message(content) == RefusedMessage(number, "TYPE_CONFLICT", measurement, "a text")


@pytest.mark.parametrize(
    "content",
    [
        error(reason="TIME_IGNORED"),
        error(reason="READINGS_MERGED"),
        error(topic="iotflow/devices/7/commands/ack"),
        {"reason": "X", "message": ""},
    ],
)
def test_notices_and_other_errors_refuse_no_reading(content: dict[str, Any]) -> None:
    assert refused_message(content) is None
