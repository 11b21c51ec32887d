"""Times of readings that arrive without one in messages that their clients may send again.

The server stores the time before the readings are sent to it. The readings of a message that arrives again, here or at another endpoint,
have the same time and overwrite themselves. So do batches that are sent again after the server was killed.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import grpc

from iotflow.v1.gateway_service_pb2 import AllocateTimestampsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.mqtt_session_pb2 import MqttDelivery, MqttDeliveryTimes
from iotflow_gateway.pipeline.message import Delivery, Message, Rejected
from iotflow_gateway.retries import call_with_retries

# Messages of one call.
MOST = 1_000


class SessionLost(Exception):
    """The message is neither stored nor acknowledged: another endpoint has the session, and the client sends the message there."""


@dataclass(frozen=True, slots=True)
class _Request:
    """wire: of the delivery. times: of the readings, or None if the server assigns them when it stores the readings."""

    delivery: Delivery
    wire: MqttDelivery
    times: "asyncio.Future[range | None]"


class ArrivalTimes:
    """Each call requests the times of all messages that arrived during the one before. endpoint: this process."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], endpoint: str) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._endpoint = endpoint
        self._waiting: deque[_Request] = deque()
        self._task: asyncio.Task[None] | None = None

    def request(
        self, message: Message, delivery: Delivery, device_id: int, readings: int
    ) -> "asyncio.Future[range | None]":
        """The times of readings of a message; None: the server assigns them when it stores the readings. The future fails with
        SessionLost or Rejected."""
        wire = MqttDelivery(
            device_id=device_id,
            readings=readings,
            session_id=delivery.session.id,
            packet_id=message.mid,
            digest=_digest(message),
            resent=delivery.is_resent,
            connection=delivery.connection,
        )
        times: asyncio.Future[range | None] = asyncio.get_running_loop().create_future()
        self._add(_Request(delivery, wire, times))
        return times

    async def close(self) -> None:
        """Cancel the requests. Their messages are not acknowledged."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _add(self, request: _Request) -> None:
        self._waiting.append(request)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="arrival times")

    async def _run(self) -> None:
        while self._waiting:
            requests = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            try:
                answers = await self._call(requests)
            except Rejected as rejected:
                for one in requests:
                    one.times.set_exception(rejected)
            else:
                for one, answer in zip(requests, answers, strict=True):
                    self._answer(one, answer)

    async def _call(self, requests: Sequence[_Request]) -> Sequence[MqttDeliveryTimes]:
        wanted = AllocateTimestampsRequest(endpoint=self._endpoint, deliveries=[one.wire for one in requests])
        answer = await call_with_retries(lambda: self._stub.AllocateTimestamps(wanted, metadata=self._metadata))
        return answer.times  # type: ignore[attr-defined, no-any-return]

    def _answer(self, request: _Request, answer: MqttDeliveryTimes) -> None:
        if answer.first:
            request.delivery.time = answer.first
            end = answer.first + answer.step * request.wire.readings
            request.times.set_result(range(answer.first, end, answer.step))
        elif answer.retry_after_ms:
            asyncio.get_running_loop().call_later(answer.retry_after_ms / 1_000, self._add, request)
        elif request.delivery.session.is_ended:
            # The client has ended its session, and sends nothing again.
            request.times.set_result(None)
        else:
            request.delivery.session.lose()
            request.times.set_exception(SessionLost())


def _digest(message: Message) -> int:
    """Of the topic and the payload, the same in every process."""
    content = message.topic.encode(errors="replace") + b"\0" + message.payload
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)
