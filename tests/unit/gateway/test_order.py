"""Messages of a device keep their order, regardless of calls to the server in between."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.broker import BrokerDelivery, CannotConnect
from iotflow_gateway.devices.acknowledgements import OrderedCalls
from iotflow_gateway.devices.configs import ConfigPublisher
from iotflow_gateway.pipeline.message import Callbacks, Message
from iotflow_gateway.topics import Address, Topics

PATIENCE = 10.0


def message() -> Message:
    return Message("t", Address(None, "", ""), b"", 1, 1)


async def test_calls_of_a_device_keep_their_order() -> None:
    """A slow call delays its own device only."""
    finished: list[Message] = []
    changed, called, may_end = asyncio.Event(), list[str](), asyncio.Event()

    def finish(one: Message) -> None:
        finished.append(one)
        changed.set()

    def call(name: str, until: asyncio.Event | None = None) -> Callable[[], Any]:
        async def run() -> None:
            called.append(name)
            if until:
                await until.wait()

        return run

    calls = OrderedCalls(Callbacks(reject=lambda *_: None, finish=finish))
    first, second, other = message(), message(), message()
    calls.submit(first, 1, call("first", may_end))
    calls.submit(second, 1, call("second"))
    calls.submit(other, 2, call("other"))
    async with asyncio.timeout(PATIENCE):
        await changed.wait()
        assert (called, finished) == (["first", "other"], [other])
        may_end.set()
        while len(finished) < 3:
            changed.clear()
            await changed.wait()
    assert (called, finished) == (["first", "other", "second"], [other, first, second])
    await calls.close()


async def test_calls_in_progress_have_ended_when_the_calls_are_closed() -> None:
    """Their messages are not finished, so that the broker keeps them."""
    finished, ended = list[Message](), list[str]()
    began = asyncio.Event()

    async def call() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("call")

    calls = OrderedCalls(Callbacks(reject=lambda *_: None, finish=finished.append))
    for _ in range(2):
        calls.submit(message(), 1, call)
    async with asyncio.timeout(PATIENCE):
        await began.wait()
        await calls.close()
    assert (ended, finished) == (["call"], [])


async def test_no_message_overtakes_one_that_waits_for_a_lookup() -> None:
    """Not even at the moment of the answer."""
    resumed: list[str] = []
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class AnsweredLookups(Lookups):
        async def _request(self, _request: object) -> int:
            found = await answer
            asyncio.get_running_loop().call_soon(ask, "later")
            return found

    lookups = AnsweredLookups(grpc.aio.insecure_channel("127.0.0.1:1"), ())
    done = asyncio.Event()

    def resume(name: str) -> None:
        resumed.append(name)
        if name == "later":
            done.set()

    def ask(name: str) -> None:
        found = lookups.by_username("pump")
        if isinstance(found, int):
            resume(name)
        else:
            found.add_done_callback(lambda _: resume(name))

    ask("first")
    ask("second")
    assert lookups.is_pending("pump")
    answer.set_result(7)
    async with asyncio.timeout(PATIENCE):
        await done.wait()
    assert resumed == ["first", "second", "later"]
    assert not lookups.is_pending("pump")


class RejectingBroker:
    """A broker that rejects messages without a delay for a while: its loss is not noticed yet, or its queue is full."""

    def __init__(self) -> None:
        self.back = asyncio.Event()
        self.retained: dict[str, bytes] = {}
        self.changed = asyncio.Event()

    async def connected(self) -> None:
        return

    async def deliver(self, topic: str, payload: bytes, **_: object) -> BrokerDelivery:
        if not self.back.is_set():
            raise CannotConnect("rejected")
        self.retained[topic] = payload
        self.changed.set()
        return BrokerDelivery.RECEIVED


class SlowBroker(RejectingBroker):
    """A broker that delays its first message. called: set when it has that message."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()

    async def deliver(self, topic: str, payload: bytes, **more: object) -> BrokerDelivery:
        self.called.set()
        await self.back.wait()
        return await super().deliver(topic, payload, **more)


async def test_a_name_that_changes_while_an_earlier_change_is_processed() -> None:
    """No message stays retained below either name, for the next device with it."""
    broker: Any = SlowBroker()
    directory = Directory()
    configs = ConfigPublisher(grpc.aio.insecure_channel("127.0.0.1:1"), (), Topics("p"), broker, directory)
    for name in ("first", "second"):
        directory.put(DeviceAccount(1, name, "active", ""))
    following = asyncio.create_task(configs.follow_names())
    async with asyncio.timeout(PATIENCE):
        await broker.called.wait()
        directory.put(DeviceAccount(1, "third", "active", ""))
        broker.back.set()
        while len(broker.retained) < 4:
            await broker.changed.wait()
            broker.changed.clear()
    assert set(broker.retained) == {
        f"{root}/{name}/config" for root in ("p/devices", "devices") for name in ("first", "second")
    }
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_names_are_followed_at_a_broker_that_rejects_for_a_while() -> None:
    """All other work goes on meanwhile."""
    broker: Any = RejectingBroker()
    directory = Directory()
    configs = ConfigPublisher(grpc.aio.insecure_channel("127.0.0.1:1"), (), Topics("p"), broker, directory)
    directory.put(DeviceAccount(1, "before", "active", ""))
    directory.put(DeviceAccount(1, "after", "active", ""))
    asyncio.get_running_loop().call_later(0.05, broker.back.set)
    following = asyncio.create_task(configs.follow_names())
    async with asyncio.timeout(PATIENCE):
        while len(broker.retained) < 2:
            await broker.changed.wait()
            broker.changed.clear()
    assert broker.retained == {"p/devices/before/config": b"", "devices/before/config": b""}
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
