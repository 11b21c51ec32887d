"""Commands from the server: their stream, and their delivery to the topics of the devices."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import grpc
import structlog

from iotflow.errors import server_error
from iotflow.v1.command_pb2 import Command, CommandReceipt, DeviceCommand
from iotflow.v1.gateway_service_pb2 import StreamDeviceCommandsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.words import GatewayReport
from iotflow_gateway.broker import Broker, BrokerDelivery, CannotConnect
from iotflow_gateway.devices.documents import command_document, group_document, seconds_left
from iotflow_gateway.retries import StreamFailures
from iotflow_gateway.topics import Topics, is_published_to

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
# Concurrent deliveries: within the default limit of brokers on messages in flight.
AT_ONCE = 20
# Seconds for which a broker keeps a command on a topic of the device's name. Another device may have the name later. The server
# offers the command again when the device returns.
KEPT_BY_NAME = 86_400


class UnreachableCommands:
    """Commands that did not reach their device, until the server confirms that report.

    Before the confirmation the server may offer later commands, which must not overtake these. Afterwards the server keeps the
    order.
    """

    def __init__(self) -> None:
        self._by_device: dict[int, set[int]] = {}
        self._devices: dict[int, int] = {}
        # Reports without a confirmation, by command. A command that is offered again may have two.
        self._reports: Counter[int] = Counter()

    def has_earlier(self, device_id: int, command_id: int) -> bool:
        """Whether an earlier command of the device is among them."""
        return any(one < command_id for one in self._by_device.get(device_id, ()))

    def add(self, device_id: int, command_id: int) -> None:
        """Record a command that is reported as unreachable."""
        self._by_device.setdefault(device_id, set()).add(command_id)
        self._devices[command_id] = device_id
        self._reports[command_id] += 1

    def confirm(self, command_id: int) -> None:
        """Record that the server has processed one report."""
        if command_id in self._reports:
            self._reports[command_id] -= 1
            if not self._reports[command_id]:
                del self._reports[command_id]
                self.remove(command_id)

    def remove(self, command_id: int) -> None:
        """Forget a command that the server offers again: it has processed the report."""
        device_id = self._devices.pop(command_id, None)
        if device_id is not None:
            commands = self._by_device[device_id]
            commands.discard(command_id)
            if not commands:
                del self._by_device[device_id]


class Deliveries:
    """The deliveries of one stream, in order for each device.

    A command goes to the topic of the device's id, or of its name, whichever has a subscriber. If the broker reports that neither
    has one (MQTT 5), the command and the later ones of the device wait at the server until the device returns. A broker of MQTT
    3.1.1 reports nothing; the server then offers the command again, under the same id, until the device acknowledges it.

    report: called with a command and its state: delivered, unreachable, or announced. tasks: runs the deliveries, and ends with
    CannotConnect when the broker is lost.
    """

    def __init__(
        self,
        topics: Topics,
        broker: Broker,
        report: Callable[[Command, str], Awaitable[None]],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._topics = topics
        self._broker = broker
        self._report = report
        self._tasks = tasks
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._unreachable = UnreachableCommands()
        # By device; bounded by the number of commands that the server offers without a reported state.
        self._waiting: dict[int, deque[DeviceCommand]] = {}

    def add(self, offered: DeviceCommand) -> None:
        """Deliver a command after earlier ones of its device, or announce it to its group."""
        device_id = offered.command.device_id
        if offered.announce:
            self._tasks.create_task(self._announce(offered), name="group command")
        elif device_id in self._waiting:
            self._waiting[device_id].append(offered)
        else:
            self._waiting[device_id] = deque([offered])
            self._tasks.create_task(self._deliver_all(device_id), name="commands of a device")

    def record_receipt(self, command_id: int, state: str) -> None:
        """Record that the server has processed a reported state."""
        if state == GatewayReport.UNREACHABLE:
            self._unreachable.confirm(command_id)

    async def _deliver_all(self, device_id: int) -> None:
        waiting = self._waiting[device_id]
        while waiting:
            await self._deliver(waiting[0])
            waiting.popleft()
        del self._waiting[device_id]

    async def _deliver(self, offered: DeviceCommand) -> None:
        command, delivery = offered.command, BrokerDelivery.NO_SUBSCRIBER
        self._unreachable.remove(command.id)
        if not self._unreachable.has_earlier(command.device_id, command.id):
            async with self._slots:
                delivery = await self._attempted(offered, self._publish(offered))
        if delivery is BrokerDelivery.NO_SUBSCRIBER:
            self._unreachable.add(command.device_id, command.id)
            await self._report(command, GatewayReport.UNREACHABLE)
        elif delivery is BrokerDelivery.RECEIVED:
            await self._report(command, GatewayReport.DELIVERED)

    async def _announce(self, offered: DeviceCommand) -> None:
        group = offered.device_type
        # A type that cannot be part of a topic has no subscribers.
        if is_published_to(group):
            async with self._slots:
                await self._attempted(offered, self._publish_to_group(offered.command, group))
        await self._report(offered.command, GatewayReport.ANNOUNCED)

    async def _attempted(
        self, offered: DeviceCommand, publication: Coroutine[Any, Any, BrokerDelivery]
    ) -> BrokerDelivery:
        try:
            return await publication
        except CannotConnect:
            raise
        except Exception:
            # An unexpected error of one command must not end the stream.
            log.exception("command_not_published", command=offered.command.id)
            return BrokerDelivery.NO_SUBSCRIBER

    async def _publish_to_group(self, command: Command, group: str) -> BrokerDelivery:
        payload = group_document(command, group)
        return await self._broker.deliver(self._topics.group_commands(group), payload, expiry=seconds_left(command))

    async def _publish(self, offered: DeviceCommand) -> BrokerDelivery:
        command, delivery = offered.command, BrokerDelivery.NO_SUBSCRIBER
        payload, expiry, device_id = command_document(command), seconds_left(command), command.device_id
        for topic in self._topics.commands(device_id, offered.device_name, command.name):
            is_permanent = self._topics.is_by_id(topic, device_id)
            kept = expiry if is_permanent else min(expiry or KEPT_BY_NAME, KEPT_BY_NAME)
            delivery = await self._broker.deliver(topic, payload, expiry=kept, device_id=device_id)
            if delivery is BrokerDelivery.RECEIVED:
                break
        return delivery


class CommandDownlink:
    """While the broker is connected, a stream is open. The server offers commands without a reported state again on the next
    stream, under the same id."""

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], topics: Topics, broker: Broker
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._topics = topics
        self._broker = broker
        self._failures = StreamFailures("commands", longest=1.0)

    async def run(self) -> None:
        """Run until cancelled. Raises ServerError if the server rejects this adapter."""
        while True:
            await self._broker.connected()
            try:
                await self._stream()
            except CannotConnect:
                await asyncio.sleep(RETRY_SECONDS)
            except grpc.aio.AioRpcError as failure:
                await asyncio.sleep(self._failures.delay(server_error(failure)))

    async def _stream(self) -> None:
        call = self._stub.StreamDeviceCommands(metadata=self._metadata)
        # A call accepts one write at a time.
        writing = asyncio.Lock()

        async def report(command: Command, state: str) -> None:
            async with writing:
                request = StreamDeviceCommandsRequest(command_id=command.id, device_id=command.device_id, state=state)
                # The error of a call that has ended is raised where its messages are read.
                with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    await call.write(request)

        try:
            async with asyncio.TaskGroup() as tasks:
                deliveries = Deliveries(self._topics, self._broker, report, tasks)
                async for message in call:
                    self._failures.reset()
                    if message.HasField("command"):
                        deliveries.add(message.command)
                    else:
                        self._process_receipt(message.receipt, deliveries)
        except* (grpc.aio.AioRpcError, CannotConnect) as group:
            raise group.exceptions[0] from None
        finally:
            call.cancel()

    def _process_receipt(self, receipt: CommandReceipt, deliveries: Deliveries) -> None:
        deliveries.record_receipt(receipt.command_id, receipt.state)
        if receipt.reason:
            log.info("command_state_rejected", command=receipt.command_id, reason=receipt.reason)
