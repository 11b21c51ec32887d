"""The properties of MQTT 5 that describe a message of a device."""

from iotflow_gateway.mqtt import Properties
from iotflow_gateway.pipeline.message import Message

MESSAGE_ID = "message-id"


def add_properties(message: Message, properties: Properties) -> None:
    """Give the message the properties of its PUBLISH."""
    message.content_type = properties.get("content_type", "")
    message.correlation = properties.get("correlation_data", b"")
    for name, value in properties.get("user_properties", ()):
        if name == MESSAGE_ID:
            message.message_id = value
