"""A configuration is retained on the topics of its device only, whichever name the device has, and until it is removed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from iotflow.v1 import gateway_service_pb2 as wire
from iotflow.v1 import gateway_service_pb2_grpc
from iotflow.v1.stream_pb2 import StreamCaughtUp
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.broker import BrokerDelivery
from iotflow_gateway.devices.configs import ConfigPublisher
from iotflow_gateway.topics import Topics

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 10.0
TOPICS = Topics("p")
CONFIGURED, PLAIN, NEW, LAST = range(1, 5)
PAYLOAD = b'{"version":1,"desired":{}}'


class Server(gateway_service_pb2_grpc.GatewayServiceServicer):
    """A server with the configuration of one device."""

    async def WatchDeviceConfigs(self, *_: object) -> AsyncIterator[Any]:
        answer = wire.WatchDeviceConfigsResponse()
        answer.config.device_id, answer.config.desired_version = CONFIGURED, 1
        answer.config.desired.update({})
        yield answer
        yield wire.WatchDeviceConfigsResponse(caught_up=StreamCaughtUp())
        await asyncio.Event().wait()


class Broker:
    """The messages in the order of their arrival."""

    session_present = True

    def __init__(self) -> None:
        self._messages: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def connected(self) -> None:
        return

    async def lost(self) -> None:
        await asyncio.Event().wait()

    async def deliver(self, topic: str, payload: bytes, **_: object) -> BrokerDelivery:
        self._messages.put_nowait((topic, payload))
        return BrokerDelivery.RECEIVED

    async def until(self, last: set[tuple[str, bytes]]) -> set[tuple[str, bytes]]:
        """The messages until all of the last ones arrived, which are not returned."""
        arrived = set[tuple[str, bytes]]()
        while not last <= arrived:
            arrived.add(await self._messages.get())
        return arrived - last


def account(device_id: int, name: str, status: str = "active") -> DeviceAccount:
    return DeviceAccount(device_id, name, status, "")


def by_name(name: str) -> set[str]:
    return {f"p/devices/{name}/config", f"devices/{name}/config"}


def everything(device_id: int, name: str) -> set[str]:
    return {*TOPICS.configs(device_id, name), *TOPICS.statuses(device_id, name)}


def cleared(topics: set[str]) -> set[tuple[str, bytes]]:
    return {(topic, b"") for topic in topics}


def retained(topics: set[str]) -> set[tuple[str, bytes]]:
    return {(topic, PAYLOAD) for topic in topics}


@asynccontextmanager
async def publishing(directory: Directory) -> AsyncIterator[Broker]:
    """A publisher that has published all configurations."""
    broker: Any = Broker()
    server = grpc.aio.server()
    gateway_service_pb2_grpc.add_GatewayServiceServicer_to_server(Server(), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with asyncio.timeout(PATIENCE), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        configs = ConfigPublisher(channel, (), TOPICS, broker, directory)
        tasks = [asyncio.create_task(configs.run()), asyncio.create_task(configs.follow_names())]
        try:
            yield broker
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.stop(None)


CHANGES: dict[str, tuple[Callable[[Directory], None], set[tuple[str, bytes]]]] = {
    "a new device": (lambda directory: directory.put(account(NEW, "new")), cleared(by_name("new"))),
    "another status": (lambda directory: directory.put(account(PLAIN, "plain", "inactive")), set()),
    "a renamed device": (lambda directory: directory.put(account(PLAIN, "renamed")), cleared(by_name("plain"))),
    "a removed device": (lambda directory: directory.remove(PLAIN), cleared(everything(PLAIN, "plain"))),
    "another status of a configured device": (
        lambda directory: directory.put(account(CONFIGURED, "configured", "inactive")),
        set(),
    ),
    "a renamed configured device": (
        lambda directory: directory.put(account(CONFIGURED, "renamed")),
        cleared(by_name("configured")) | retained({*TOPICS.configs(CONFIGURED, "renamed")}),
    ),
    "a removed configured device": (
        lambda directory: directory.remove(CONFIGURED),
        cleared(everything(CONFIGURED, "configured")),
    ),
}


@pytest.mark.parametrize(("change", "messages"), CHANGES.values(), ids=CHANGES)
async def test_a_change_of_a_device_clears_the_topics_that_are_no_longer_its_own(
    change: Callable[[Directory], None], messages: set[tuple[str, bytes]]
) -> None:
    directory = Directory()
    for one in (account(CONFIGURED, "configured"), account(PLAIN, "plain"), account(LAST, "last")):
        directory.put(one)
    async with publishing(directory) as broker:
        # The names of devices without a configuration are checked once all configurations have arrived.
        first = await broker.until(cleared(by_name("last")))
        assert first == cleared(by_name("plain")) | retained({*TOPICS.configs(CONFIGURED, "configured")})
        change(directory)
        directory.put(account(LAST, "renamed last"))
        assert await broker.until(cleared(by_name("last"))) == messages
