"""The MQTT topics, from the grammar that the adapter and the brokers use."""

from collections.abc import Iterator
from dataclasses import dataclass

from iotflow.mqtt_topics import BELOW_DEVICE, BELOW_OLDER, TELEMETRY, Kind
from iotflow.topic_names import OLDER

PREFIX = "iotflow"
DEVICE_ROOT, OLDER_ROOT = f"{PREFIX}/devices/{{device}}", f"{OLDER}/{{name}}"
REGISTER, RESPONSE = f"{PREFIX}/discovery/register/{{name}}", f"{PREFIX}/discovery/response/{{name}}"
# The payload schema of each type of message.
PAYLOADS = {
    Kind.TELEMETRY: "Readings",
    Kind.BATCH: "TelemetryBatch",
    Kind.HEARTBEAT: "AnyPayload",
    Kind.ONLINE: "AnyPayload",
    Kind.OFFLINE: "AnyPayload",
    Kind.STATUS: "Presence",
    Kind.COMMAND_ACK: "CommandAcknowledgement",
    Kind.CONFIG_REPORTED: "UpdateDeviceConfigRequest",
    Kind.REGISTER: "Registration",
}
PARAMETERS: dict[str, dict[str, object]] = {
    "device": {"description": "The device's id or name."},
    "group": {"description": "A device type."},
    "kind": {
        "description": "What the command's name speaks of; `control` where it speaks of neither of the others.",
        "enum": ["config", "control", "firmware"],
    },
    "name": {"description": "The device's name."},
    "word": {"description": "Any one word, such as `sensors`; it changes nothing."},
}


@dataclass(frozen=True)
class Channel:
    """payload: the name of its schema. is_up: whether devices publish to it. reply: the address of the answer."""

    address: str
    payload: str
    summary: str
    is_up: bool = True
    retained: bool = False
    reply: str = ""

    @property
    def parameters(self) -> dict[str, dict[str, object]]:
        """What stands in the address for a level that differs."""
        return {name: said for name, said in PARAMETERS.items() if f"{{{name}}}" in self.address}

    @property
    def key(self) -> str:
        """The channel's name in the document."""
        plain = self.address.replace(DEVICE_ROOT, "devices").replace(OLDER_ROOT, "older").removeprefix(f"{PREFIX}/")
        return plain.replace("/", ".").translate({ord(one): None for one in "{}"})


def channels() -> Iterator[Channel]:
    """All topics, those that devices publish to first."""
    for root, kinds in ((DEVICE_ROOT, BELOW_DEVICE), (OLDER_ROOT, BELOW_OLDER)):
        for below, kind in kinds.items():
            yield Channel(f"{root}/{below}", PAYLOADS[kind], _SUMMARIES[kind])
        yield Channel(f"{root}/{TELEMETRY}{{word}}", PAYLOADS[Kind.TELEMETRY], _SUMMARIES[Kind.TELEMETRY])
    yield Channel(REGISTER, PAYLOADS[Kind.REGISTER], _SUMMARIES[Kind.REGISTER], reply=RESPONSE)
    yield Channel(RESPONSE, "RegistrationAnswer", "The answer to a registration, sent once.", is_up=False)
    yield Channel(f"{DEVICE_ROOT}/commands/{{kind}}", "DeviceCommand", "A command to the device.", is_up=False)
    for root in (DEVICE_ROOT, OLDER_ROOT):
        yield Channel(
            f"{root}/commands", "DeviceCommand", "A command, if there is no subscriber for its kind.", is_up=False
        )
        yield Channel(
            f"{root}/config", "DesiredConfiguration", "The desired configuration.", is_up=False, retained=True
        )
        yield Channel(f"{root}/errors", "Error", "Errors and notices about the device's messages.", is_up=False)
    yield Channel(f"{PREFIX}/fleet/commands/{{group}}", "GroupCommand", "A command to a group.", is_up=False)


_SUMMARIES = {
    Kind.TELEMETRY: "Readings in JSON.",
    Kind.BATCH: "Readings as columns in protobuf. The batch is the publisher's, whichever device it names.",
    Kind.HEARTBEAT: "The device is alive.",
    Kind.ONLINE: "The device is online.",
    Kind.OFFLINE: "The device goes; make this its last will.",
    Kind.STATUS: "The device's state.",
    Kind.COMMAND_ACK: "How a command ended.",
    Kind.CONFIG_REPORTED: "What the device runs with, as the body of `PUT /api/v1/devices/config`.",
    Kind.REGISTER: "A device asks for its id and key.",
}
