"""Commands to a group, told to the group as a whole where their senders want it."""

from iotflow.v1.gateway_service_pb2 import DeviceCommand
from iotflow_gateway.broker import Broker
from iotflow_gateway.devices.documents import group_document, seconds_left
from iotflow_gateway.topics import Topics, is_published_to

# Of so many it is remembered that they were told.
MOST_REMEMBERED = 1_000


class Announcements:
    """Each is published once for all of its devices; again by another adapter, or by one that was started since."""

    def __init__(self, topics: Topics, broker: Broker) -> None:
        self._topics = topics
        self._broker = broker
        # Group commands, the oldest first.
        self._told: dict[str, None] = {}

    async def tell(self, offered: DeviceCommand) -> None:
        """Raises CannotConnect."""
        command, group = offered.command, offered.device_type
        if not offered.announce or command.group_command in self._told or not is_published_to(group):
            return
        self._told[command.group_command] = None
        if len(self._told) > MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        topic, payload = self._topics.group_commands(group), group_document(command, group)
        await self._broker.deliver(topic, payload, expiry=seconds_left(command))
