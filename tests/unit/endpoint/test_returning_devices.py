"""A device whose session was kept is reported as reachable when it returns, so that its waiting commands are sent at once."""

import pytest

from iotflow_gateway.mqtt import Suback, Subscribe, Subscription, Version
from iotflow_gateway.topics import Kind
from tests.support.mqtt_endpoint import DEVICE, DeviceServer, running_endpoint

V4 = Version.V3_1_1


@pytest.mark.parametrize("subscribes", [True, False])
async def test_a_device_that_returns_with_subscriptions_is_reachable(subscribes: bool) -> None:
    async with running_endpoint(channel=DeviceServer()) as one:
        async with one.client(V4, login=DEVICE, is_clean=False) as client:
            if subscribes:
                answer = await client.ask(Subscribe(1, [Subscription("p/devices/pump/commands/+", 1)]))
                assert isinstance(answer, Suback)
                assert answer.codes == [1]
                assert (await one.next()).address.kind is Kind.HEARTBEAT
        async with one.client(V4, login=DEVICE, is_clean=False):
            if subscribes:
                message = await one.next()
                assert (message.address.kind, message.device_id) == (Kind.HEARTBEAT, 7)
            assert await one.is_quiet()
