"""Times of readings that arrive by MQTT without one: a message that is sent again has the times that it had."""

from dataclasses import replace

import pytest

from iotflow_server.errors import LimitExceeded
from iotflow_server.mqtt.deliveries import NOT_HELD, SLOTS, Delivery, DeliveryTimes, MqttDeliveries
from iotflow_server.mqtt.sessions import ClientConnection, MqttSessions, SessionChange
from iotflow_server.telemetry.ports import SERVER
from iotflow_server.telemetry.timestamps import AHEAD_MS
from tests.integration.registry.parts import Parts

ENDPOINT, OTHER = "endpoint one", "endpoint other"
STARTED = 1_000_000


class Allocator:
    """Allocates every second millisecond. retry_after: of a device for which it allocates none."""

    def __init__(self) -> None:
        self.newest = STARTED
        self.retry_after = 0.0

    async def allocate(
        self, device_id: int, readings: int, *, caller: str = SERVER, after: int = 0, ahead_ms: int = AHEAD_MS
    ) -> range:
        assert (after, ahead_ms, caller) == (STARTED, 0, "token:me")
        if self.retry_after and device_id > 1:
            raise LimitExceeded("ARRIVAL_RATE", "too fast", retry_after=self.retry_after)
        times = range(self.newest + 2, self.newest + 2 + 2 * readings, 2)
        self.newest = times[-1]
        return times


@pytest.fixture
def allocator() -> Allocator:
    return Allocator()


@pytest.fixture
def deliveries(parts: Parts, allocator: Allocator) -> MqttDeliveries:
    return MqttDeliveries(parts.database, allocator, lambda: STARTED)


async def times(deliveries: MqttDeliveries, *some: Delivery, endpoint: str = ENDPOINT) -> list[DeliveryTimes]:
    return await deliveries.allocate(endpoint, some, caller="token:me")


async def message(parts: Parts, name: str = "thermometer", packet_id: int = 1) -> Delivery:
    """The first message of a new session of a new device."""
    device = await parts.make(name)
    client = ClientConnection(device.id, "", "client", is_clean=False, expiry=60)
    (session,) = await MqttSessions(parts.database, parts.clock).open(ENDPOINT, [client])
    return Delivery(device.id, 3, session.id, packet_id, -(2**63), is_resent=False)


def resent(one: Delivery) -> Delivery:
    return replace(one, is_resent=True)


async def test_a_message_that_is_sent_again_has_its_times(parts: Parts, deliveries: MqttDeliveries) -> None:
    one = await message(parts)
    first = await times(deliveries, one)
    assert first == [DeliveryTimes(STARTED + 2, 2)]
    assert await times(deliveries, resent(one)) == first
    other_process = MqttDeliveries(parts.database, Allocator(), lambda: STARTED)
    assert await times(other_process, resent(one)) == first


@pytest.mark.parametrize(
    "change", [{"digest": 5}, {"packet_id": 2}, {"packet_id": 1 + SLOTS}, {"is_resent": False}], ids=str
)
async def test_other_messages_have_other_times(
    parts: Parts, deliveries: MqttDeliveries, change: dict[str, int]
) -> None:
    one = await message(parts)
    (first,) = await times(deliveries, one)
    (other,) = await times(deliveries, replace(resent(one), **change))  # type: ignore[arg-type]
    assert other.first > first.first


async def test_a_new_message_with_the_identifier_replaces_the_earlier_one(
    parts: Parts, deliveries: MqttDeliveries
) -> None:
    one = await message(parts)
    new = replace(one, digest=5)
    await times(deliveries, one)
    (second,) = await times(deliveries, new)
    assert await times(deliveries, resent(new)) == [second]
    assert (await times(deliveries, resent(one)))[0].first > second.first


async def test_a_message_whose_acknowledgement_the_client_has_is_not_sent_again(
    parts: Parts, deliveries: MqttDeliveries
) -> None:
    one, sessions = await message(parts), MqttSessions(parts.database, parts.clock)
    (first,) = await times(deliveries, one)
    (second,) = await times(deliveries, replace(one, packet_id=2))
    assert not await sessions.update(ENDPOINT, [SessionChange(one.session_id, received_until=first.first)])
    assert await times(deliveries, resent(replace(one, packet_id=2))) == [second]
    (third,) = await times(deliveries, resent(one))
    assert third.first > second.first


async def test_messages_of_a_device_share_an_allocation(parts: Parts, deliveries: MqttDeliveries) -> None:
    one = await message(parts)
    many = [replace(one, packet_id=number, digest=number) for number in range(1, 1_001)]
    given = await times(deliveries, *many)
    assert [found.first for found in given] == [STARTED + 2 + 6 * number for number in range(1_000)]
    assert await times(deliveries, *map(resent, many)) == given


async def test_an_endpoint_without_the_session_gets_no_times(parts: Parts, deliveries: MqttDeliveries) -> None:
    one = await message(parts)
    assert await times(deliveries, one, endpoint=OTHER) == [NOT_HELD]
    assert await times(deliveries, replace(one, session_id=one.session_id + 1)) == [NOT_HELD]
    # Nothing was stored for it.
    assert (await times(deliveries, resent(one)))[0].first == STARTED + 2 + 2 * 2 * one.readings


async def test_a_message_from_before_a_move_to_another_endpoint_gets_no_times(
    parts: Parts, deliveries: MqttDeliveries
) -> None:
    one, sessions = await message(parts), MqttSessions(parts.database, parts.clock)
    client = ClientConnection(one.device_id, "", "client", is_clean=False, expiry=60)
    await sessions.open(ENDPOINT, [client])
    assert (await times(deliveries, replace(one, connection=1)))[0].first
    await sessions.open(OTHER, [client])
    (found,) = await times(deliveries, resent(replace(one, connection=3)), endpoint=OTHER)
    await sessions.open(ENDPOINT, [client])
    assert await times(deliveries, replace(one, connection=2)) == [NOT_HELD]
    assert await times(deliveries, resent(replace(one, connection=4))) == [found]


async def test_a_device_that_sends_too_fast_delays_no_other(
    parts: Parts, deliveries: MqttDeliveries, allocator: Allocator
) -> None:
    one, other = await message(parts), await message(parts, "hygrometer")
    allocator.retry_after = 1.5
    assert await times(deliveries, one, other) == [DeliveryTimes(STARTED + 2, 2), DeliveryTimes(retry_after=1.5)]
    allocator.retry_after = 0.0
    assert (await times(deliveries, other))[0].first
