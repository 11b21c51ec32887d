"""Packets that the broker answers by their packet identifier: messages of QoS 1, and requests to subscribe."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from iotflow_gateway.mqtt import Publish, ReasonCode, Subscribe, Unsubscribe

# Messages of the adapter, such as errors, that wait for the broker; and those that are sent and not acknowledged.
MOST_OUTGOING, MOST_IN_FLIGHT = 10_000, 100
LARGEST_ID = 65_535

Codes = Sequence[ReasonCode]
Answer = asyncio.Future[Codes]


class Requests:
    """write: sends a packet."""

    def __init__(self, write: Callable[[Publish | Subscribe | Unsubscribe], None]) -> None:
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._last_id = 0
        self._unanswered: dict[int, Answer] = {}
        # Messages wait until the broker has accepted the connection.
        self._most_in_flight = 0
        self._waiting: deque[tuple[Publish, Answer]] = deque()
        self._in_flight: set[int] = set()

    def open(self, receive_maximum: int) -> None:
        """Send messages from now on. receive_maximum: of the broker."""
        self._most_in_flight = min(receive_maximum, MOST_IN_FLIGHT)
        self._fill()

    def subscribe(self, request: Subscribe | Unsubscribe) -> Answer:
        """Send a request. Its answer is set by answer()."""
        return self._send(request, self._loop.create_future())

    def publish(self, message: Publish) -> Answer | None:
        """Send a message of QoS 1, after the ones before it. None: too many wait."""
        if len(self._waiting) + len(self._in_flight) >= MOST_OUTGOING:
            return None
        answer: Answer = self._loop.create_future()
        self._waiting.append((message, answer))
        self._fill()
        return answer

    def answer(self, packet_id: int, codes: Codes) -> None:
        """Record the answer of the broker."""
        answer = self._unanswered.pop(packet_id, None)
        if answer and not answer.done():
            answer.set_result(codes)
        if packet_id in self._in_flight:
            self._in_flight.remove(packet_id)
            self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._in_flight) < self._most_in_flight:
            message, answer = self._waiting.popleft()
            self._send(message, answer)
            self._in_flight.add(message.packet_id)

    def _send(self, packet: Publish | Subscribe | Unsubscribe, answer: Answer) -> Answer:
        packet.packet_id = self._next_id()
        self._unanswered[packet.packet_id] = answer
        self._write(packet)
        return answer

    def _next_id(self) -> int:
        """An identifier that no packet without an answer has [MQTT-2.2.1-3]."""
        while True:
            self._last_id = self._last_id % LARGEST_ID + 1
            if self._last_id not in self._unanswered:
                return self._last_id
