"""Commands on their way to the devices' topics."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from iotflow.v1.command_pb2 import Command
from iotflow.v1.gateway_service_pb2 import DeviceCommand
from iotflow.words import GatewayReport
from iotflow_gateway.broker import Broker, BrokerDelivery, CannotConnect
from iotflow_gateway.devices.documents import command_document, group_document, seconds_left
from iotflow_gateway.devices.unreachable import UnreachableCommands
from iotflow_gateway.topics import Topics, is_published_to

log = structlog.get_logger(__name__)

# Devices served at a time: not more than a broker takes unless set otherwise.
AT_ONCE = 20
# Seconds that a broker keeps a command below a device's name, which another device may have by then. It is offered again when the
# device is back.
KEPT_BY_NAME = 86_400


class Deliveries:
    """Those of one stream: a device's one after the other, so that none overtakes one that nobody heard.

    Each goes to the topic of the device's id, or else its name, whichever somebody listens to. Where the broker can say that
    nobody does (MQTT 5), the command waits at the server until the device comes, and so do those behind it. Where it cannot, the
    device's answer is what shows that it came; until then the server offers it again, under the same id.

    answer: called with a command and what became of it: delivered, unreachable, or announced. tasks: run the deliveries, and end with
    CannotConnect where the broker goes.
    """

    def __init__(
        self,
        topics: Topics,
        broker: Broker,
        answer: Callable[[Command, str], Awaitable[None]],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._topics = topics
        self._broker = broker
        self._answer = answer
        self._tasks = tasks
        self._room = asyncio.Semaphore(AT_ONCE)
        self._unreached = UnreachableCommands()
        # By device; bounded by what the server offers without an answer.
        self._waiting: dict[int, deque[DeviceCommand]] = {}

    def take(self, offered: DeviceCommand) -> None:
        """Deliver it when those before it are, or tell its group of it."""
        device_id = offered.command.device_id
        if offered.announce:
            self._tasks.create_task(self._announce(offered), name="command to a group")
        elif device_id in self._waiting:
            self._waiting[device_id].append(offered)
        else:
            self._waiting[device_id] = deque([offered])
            self._tasks.create_task(self._deliver_all(device_id), name="commands of a device")

    def noted(self, command_id: int, state: str) -> None:
        """The server has noted an answer."""
        if state == GatewayReport.UNREACHABLE:
            self._unreached.noted(command_id)

    async def _deliver_all(self, device_id: int) -> None:
        waiting = self._waiting[device_id]
        while waiting:
            await self._deliver(waiting[0])
            waiting.popleft()
        del self._waiting[device_id]

    async def _deliver(self, offered: DeviceCommand) -> None:
        command, delivery = offered.command, BrokerDelivery.UNHEARD
        self._unreached.offered(command.id)
        if not self._unreached.is_behind(command.device_id, command.id):
            async with self._room:
                delivery = await self._publish_or_not(offered)
        if delivery is BrokerDelivery.UNHEARD:
            self._unreached.add(command.device_id, command.id)
            await self._answer(command, GatewayReport.UNREACHABLE)
        elif delivery is BrokerDelivery.HEARD:
            await self._answer(command, GatewayReport.DELIVERED)

    async def _announce(self, offered: DeviceCommand) -> None:
        group = offered.device_type
        # A name that cannot stand in a topic has no listeners.
        if is_published_to(group):
            topic, payload = self._topics.group_commands(group), group_document(offered.command, group)
            async with self._room:
                await self._broker.deliver(topic, payload, expiry=seconds_left(offered.command))
        await self._answer(offered.command, GatewayReport.ANNOUNCED)

    async def _publish_or_not(self, offered: DeviceCommand) -> BrokerDelivery:
        try:
            return await self._publish(offered)
        except CannotConnect:
            raise
        except Exception:
            # One command must not end the stream of all the others.
            log.exception("command_not_published", command=offered.command.id)
            return BrokerDelivery.UNHEARD

    async def _publish(self, offered: DeviceCommand) -> BrokerDelivery:
        payload, expiry, device_id = (
            command_document(offered.command),
            seconds_left(offered.command),
            offered.command.device_id,
        )
        delivery = BrokerDelivery.UNHEARD
        for topic in self._topics.commands(device_id, offered.device_name, offered.command.name):
            is_its_own = self._topics.is_by_id(topic, device_id)
            kept = expiry if is_its_own else min(expiry or KEPT_BY_NAME, KEPT_BY_NAME)
            delivery = await self._broker.deliver(topic, payload, expiry=kept, device_id=device_id)
            if delivery is BrokerDelivery.HEARD:
                break
        return delivery
