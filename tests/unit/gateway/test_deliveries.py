"""A device's commands do not overtake one that could not be delivered, whenever the server hears of that."""

import asyncio

from iotflow.v1.command_pb2 import Command
from iotflow.v1.gateway_service_pb2 import DeviceCommand
from iotflow_gateway.broker import BrokerDelivery
from iotflow_gateway.devices.deliveries import Deliveries
from iotflow_gateway.topics import Topics


class Listening:
    """A broker whose device listens or does not. published: the topics of what was heard."""

    def __init__(self) -> None:
        self.listens = False
        self.published: list[str] = []

    async def deliver(self, topic: str, _payload: bytes, **_options: object) -> BrokerDelivery:
        if self.listens:
            self.published.append(topic)
        return BrokerDelivery.RECEIVED if self.listens else BrokerDelivery.NO_SUBSCRIBER


class Delivering:
    """Commands to device 1. answers: what was said of each."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.broker = Listening()
        self.answers: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._deliveries = Deliveries(Topics("iotflow"), self.broker, self._answer, tasks)  # type: ignore[arg-type]

    async def offer(self, *ids: int) -> list[tuple[int, str]]:
        """What is answered to these."""
        for command_id in ids:
            command = Command(id=command_id, device_id=1, name="turn")
            self._deliveries.add(DeviceCommand(command=command, device_name="x"))
        async with asyncio.timeout(5):
            return [await self.answers.get() for _ in ids]

    def noted(self, *ids: int) -> None:
        for command_id in ids:
            self._deliveries.record_receipt(command_id, "unreachable")

    async def _answer(self, command: Command, state: str) -> None:
        await self.answers.put((command.id, state))


UNREACHABLE = [(7, "unreachable"), (8, "unreachable")]


async def test_later_ones_wait_until_the_server_knows() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.offer(7, 8) == UNREACHABLE
        one.broker.listens = True
        # Offered before the server heard of the others.
        assert await one.offer(9) == [(9, "unreachable")]
        assert not one.broker.published
        one.noted(7, 8, 9)
        assert await one.offer(7, 8, 9) == [(7, "delivered"), (8, "delivered"), (9, "delivered")]


async def test_what_is_offered_again_is_tried_before_the_receipts_come() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.offer(7, 8) == UNREACHABLE
        one.broker.listens = True
        assert await one.offer(7, 8, 9) == [(7, "delivered"), (8, "delivered"), (9, "delivered")]


async def test_a_receipt_of_the_first_try_says_nothing_of_the_second() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.offer(7, 8) == UNREACHABLE
        assert await one.offer(7) == [(7, "unreachable")]
        one.noted(7, 8)
        one.broker.listens = True
        assert await one.offer(9) == [(9, "unreachable")]
        one.noted(7)
        assert await one.offer(7, 9) == [(7, "delivered"), (9, "delivered")]


async def test_one_that_is_cancelled_meanwhile_holds_up_nobody() -> None:
    async with asyncio.TaskGroup() as tasks:
        one = Delivering(tasks)
        assert await one.offer(7) == UNREACHABLE[:1]
        one.broker.listens = True
        one.noted(7)
        assert await one.offer(8) == [(8, "delivered")]
