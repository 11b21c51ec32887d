"""Commands of a device do not overtake an undelivered one, whenever the server processes the report of it."""

import asyncio

from iotflow.v1.command_pb2 import Command, DeviceCommand
from iotflow_gateway.broker import BrokerDelivery
from iotflow_gateway.devices.commands import Deliveries
from iotflow_gateway.topics import Topics


class FakeBroker:
    """A broker with or without a subscriber. fails: with an unexpected error. published: topics of the delivered messages."""

    def __init__(self) -> None:
        self.has_subscriber = False
        self.fails = False
        self.published: list[str] = []

    async def deliver(self, topic: str, _payload: bytes, **_options: object) -> BrokerDelivery:
        if self.fails:
            raise ZeroDivisionError
        if self.has_subscriber:
            self.published.append(topic)
        return BrokerDelivery.RECEIVED if self.has_subscriber else BrokerDelivery.NO_SUBSCRIBER


class Delivering:
    """Commands to device 1. reports: the reported states."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.broker = FakeBroker()
        self.reports: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._deliveries = Deliveries(Topics("iotflow"), self.broker, self._report, tasks)  # type: ignore[arg-type]

    async def deliver(self, *ids: int) -> list[tuple[int, str]]:
        """Offer the commands; the reported states."""
        for command_id in ids:
            command = Command(id=command_id, device_id=1, name="turn")
            self._deliveries.add(DeviceCommand(command=command, device_name="x"))
        async with asyncio.timeout(5):
            return [await self.reports.get() for _ in ids]

    async def announce(self, command_id: int) -> tuple[int, str]:
        """Offer a command for a group; the reported state."""
        command = Command(id=command_id, name="turn")
        self._deliveries.add(DeviceCommand(command=command, device_type="lamp", announce=True))
        async with asyncio.timeout(5):
            return await self.reports.get()

    def confirm(self, *ids: int) -> None:
        for command_id in ids:
            self._deliveries.record_receipt(command_id, "unreachable")

    async def _report(self, command: Command, state: str) -> None:
        await self.reports.put((command.id, state))


UNREACHABLE = [(7, "unreachable"), (8, "unreachable")]


async def test_later_commands_wait_until_the_report_is_confirmed() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.deliver(7, 8) == UNREACHABLE
        one.broker.has_subscriber = True
        # Offered before the server processed the reports.
        assert await one.deliver(9) == [(9, "unreachable")]
        assert not one.broker.published
        one.confirm(7, 8, 9)
        assert await one.deliver(7, 8, 9) == [(7, "delivered"), (8, "delivered"), (9, "delivered")]


async def test_a_command_offered_again_is_tried_before_the_receipts_arrive() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.deliver(7, 8) == UNREACHABLE
        one.broker.has_subscriber = True
        assert await one.deliver(7, 8, 9) == [(7, "delivered"), (8, "delivered"), (9, "delivered")]


async def test_a_receipt_of_the_first_report_does_not_confirm_the_second() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.deliver(7, 8) == UNREACHABLE
        assert await one.deliver(7) == [(7, "unreachable")]
        one.confirm(7, 8)
        one.broker.has_subscriber = True
        assert await one.deliver(9) == [(9, "unreachable")]
        one.confirm(7)
        assert await one.deliver(7, 9) == [(7, "delivered"), (9, "delivered")]


async def test_a_cancelled_command_does_not_block_later_ones() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.deliver(7) == UNREACHABLE[:1]
        one.broker.has_subscriber = True
        one.confirm(7)
        assert await one.deliver(8) == [(8, "delivered")]


async def test_an_unexpected_error_of_one_command_does_not_affect_others() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        one.broker.fails = True
        assert await one.deliver(7) == UNREACHABLE[:1]
        one.broker.fails, one.broker.has_subscriber = False, True
        assert await one.deliver(7, 8) == [(7, "delivered"), (8, "delivered")]


async def test_an_unexpected_error_of_a_command_to_a_group_does_not_affect_others() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        one.broker.fails = True
        assert await one.announce(7) == (7, "announced")
        one.broker.fails, one.broker.has_subscriber = False, True
        assert await one.announce(8) == (8, "announced")
        assert one.broker.published == ["iotflow/fleet/commands/lamp"]
