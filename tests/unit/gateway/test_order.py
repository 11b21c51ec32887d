"""What a device says stays in its order, whatever is asked of the server in between."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.broker import BrokerDelivery, CannotConnect
from iotflow_gateway.devices.configs import ConfigPublisher
from iotflow_gateway.devices.ordered_calls import OrderedCalls
from iotflow_gateway.pipeline.message import Callbacks, Message
from iotflow_gateway.topics import Address, Topics

PATIENCE = 10.0


def message() -> Message:
    return Message("t", Address(None, "", ""), b"", 1, 1)


async def test_answers_of_a_device_follow_each_other() -> None:
    """Whoever is slow holds up its own device only."""
    finished: list[Message] = []
    news, asked, may_end = asyncio.Event(), list[str](), asyncio.Event()

    def noted(one: Message) -> None:
        finished.append(one)
        news.set()

    def call(name: str, until: asyncio.Event | None = None) -> Callable[[], Any]:
        async def called() -> None:
            asked.append(name)
            if until:
                await until.wait()

        return called

    answers = OrderedCalls(Callbacks(reject=lambda *_: None, finish=noted))
    first, second, other = message(), message(), message()
    answers.submit(first, 1, call("first", may_end))
    answers.submit(second, 1, call("second"))
    answers.submit(other, 2, call("other"))
    async with asyncio.timeout(PATIENCE):
        await news.wait()
        assert (asked, finished) == (["first", "other"], [other])
        may_end.set()
        while len(finished) < 3:
            news.clear()
            await news.wait()
    assert (asked, finished) == (["first", "other", "second"], [other, first, second])
    await answers.close()


async def test_nobody_overtakes_who_waits_for_a_lookup() -> None:
    """Not even in the moment in which the answer comes."""
    heard: list[str] = []
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Known(Lookups):
        async def _request(self, _request: object) -> int:
            found = await answer
            asyncio.get_running_loop().call_soon(ask, "later")
            return found

    lookups = Known(grpc.aio.insecure_channel("127.0.0.1:1"), ())
    done = asyncio.Event()

    def hear(name: str) -> None:
        heard.append(name)
        if name == "later":
            done.set()

    def ask(name: str) -> None:
        found = lookups.by_username("pump")
        if isinstance(found, int):
            hear(name)
        else:
            found.add_done_callback(lambda _: hear(name))

    ask("first")
    ask("second")
    assert lookups.is_pending("pump")
    answer.set_result(7)
    async with asyncio.timeout(PATIENCE):
        await done.wait()
    assert heard == ["first", "second", "later"]
    assert not lookups.is_pending("pump")


class Refusing:
    """A broker that refuses for a while, without waiting: its end is not noticed yet, or too much waits for it."""

    def __init__(self) -> None:
        self.back = asyncio.Event()
        self.retained: dict[str, bytes] = {}
        self.news = asyncio.Event()

    async def connected(self) -> None:
        return

    async def deliver(self, topic: str, payload: bytes, **_: object) -> BrokerDelivery:
        if not self.back.is_set():
            raise CannotConnect("refused")
        self.retained[topic] = payload
        self.news.set()
        return BrokerDelivery.RECEIVED


class Slow(Refusing):
    """A broker that takes its time over its first message. asked: for that."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def deliver(self, topic: str, payload: bytes, **more: object) -> BrokerDelivery:
        self.asked.set()
        await self.back.wait()
        return await super().deliver(topic, payload, **more)


async def test_a_name_that_changes_while_one_before_it_is_followed() -> None:
    """Nothing stays retained below either, for the next device of that name."""
    broker: Any = Slow()
    directory = Directory()
    configs = ConfigPublisher(grpc.aio.insecure_channel("127.0.0.1:1"), (), Topics("p"), broker, directory)
    for name in ("first", "second"):
        directory.put(Account(1, name, "active", ""))
    following = asyncio.create_task(configs.follow_names())
    async with asyncio.timeout(PATIENCE):
        await broker.asked.wait()
        directory.put(Account(1, "third", "active", ""))
        broker.back.set()
        while len(broker.retained) < 4:
            await broker.news.wait()
            broker.news.clear()
    assert set(broker.retained) == {
        f"{root}/{name}/config" for root in ("p/devices", "devices") for name in ("first", "second")
    }
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_names_are_followed_by_a_broker_that_refuses_for_a_while() -> None:
    """And everything else goes on meanwhile."""
    broker: Any = Refusing()
    directory = Directory()
    configs = ConfigPublisher(grpc.aio.insecure_channel("127.0.0.1:1"), (), Topics("p"), broker, directory)
    directory.put(Account(1, "before", "active", ""))
    directory.put(Account(1, "after", "active", ""))
    asyncio.get_running_loop().call_later(0.05, broker.back.set)
    following = asyncio.create_task(configs.follow_names())
    async with asyncio.timeout(PATIENCE):
        while len(broker.retained) < 2:
            await broker.news.wait()
            broker.news.clear()
    assert broker.retained == {"p/devices/before/config": b"", "devices/before/config": b""}
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
