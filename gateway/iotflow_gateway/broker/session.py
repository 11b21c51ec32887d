"""The adapter's session at the broker, kept across connections."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog

from iotflow.channels import Backoff
from iotflow.log_limits import LogLimit
from iotflow.topic_names import topic_problem
from iotflow_gateway.broker.address import BrokerAddress
from iotflow_gateway.broker.connection import TICK_SECONDS, MqttConnection
from iotflow_gateway.broker.port import BrokerAccounts, BrokerDelivery, CannotConnect, LoginRejected, OnMessage
from iotflow_gateway.broker.retained_cleanup import RetainedCleanup, clearing_properties, is_clearing
from iotflow_gateway.mqtt import NO_PROPERTIES, Properties, Publish
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.message_properties import add_properties
from iotflow_gateway.pipeline.message_queues import MOST_BYTES, Unacknowledged
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

# A connection of this length was not ended by another adapter of the same name, which connects again at once.
SETTLED_SECONDS = 1.0
NAME_HINT = "adapters with the same name disconnect each other: give each an IOTFLOW_GATEWAY_NAME of its own"

LONGEST_TOPIC = 200


class BrokerSession:
    """filters: of the adapter's subscriptions. obsolete: filters of earlier versions, which are removed from the session. accounts:
    at the broker, if the adapter keeps them."""

    def __init__(
        self,
        address: BrokerAddress,
        topics: Topics,
        filters: Sequence[str],
        obsolete: Sequence[str],
        accounts: BrokerAccounts | None = None,
    ) -> None:
        self._address = address
        self._accounts = accounts
        self._topics = topics
        self._filters, self._obsolete = list(filters), list(obsolete)
        self._cleanup = RetainedCleanup(self._clear)
        self._connection: MqttConnection | None = None
        self._on_message: OnMessage
        self._unacknowledged = Unacknowledged(self._acknowledge)
        # Messages of earlier connections. The broker delivers them again; they are processed all the same.
        self._orphaned: set[Message] = set()
        self._orphaned_bytes = 0
        self._has_room = asyncio.Event()
        # Whether nothing is read, or no connection made, until there is room.
        self._waits_for_room = False
        # Messages of the last read for which there was no room.
        self._held: list[Publish] = []
        self._backoff = Backoff(longest=5.0)
        self._connected = asyncio.Event()
        self._log_limit = LogLimit()

    @property
    def waiting(self) -> int:
        """Number of messages that are not acknowledged."""
        return len(self._unacknowledged) + len(self._orphaned)

    async def connected(self) -> None:
        """Wait until the broker delivers messages."""
        await self._connected.wait()

    async def lost(self) -> None:
        """Wait until the connection ends."""
        if self._connection:
            await asyncio.wait({self._connection.closed})

    @property
    def session_present(self) -> bool:
        """Whether the broker had a session of the adapter when it connected."""
        return self._connection is not None and self._connection.session_present

    async def run(self, on_message: OnMessage) -> None:
        """Run until cancelled."""
        self._on_message = on_message
        while True:
            await self._room()
            try:
                await self._run_connection()
            except (CannotConnect, TimeoutError) as error:
                log.warning(
                    "broker_unavailable", address=self._host_and_port, problem=str(error) or "no answer in time"
                )
                if self._accounts and isinstance(error, LoginRejected):
                    await self._accounts.renew_login()
            await asyncio.sleep(self._backoff.delay(None))

    def finish(self, message: Message) -> None:
        """Acknowledge a message whose processing is complete."""
        if self._orphaned and message in self._orphaned:
            self._orphaned.remove(message)
            self._orphaned_bytes -= len(message.payload)
        else:
            self._unacknowledged.finish(message)
        if not self._waits_for_room or self._is_full(self._address.window):
            return
        self._waits_for_room = False
        self._has_room.set()
        if self._connection:
            asyncio.get_running_loop().call_soon(self._read_again, self._connection)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message with QoS 1. False: the broker is unavailable, its queue is full, or it would reject the topic."""
        return self._is_valid(topic) and self._connection is not None and self._connection.publish(topic, payload)

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry: int | None = None,
        device_id: int = 0,  # noqa: ARG002
    ) -> BrokerDelivery:
        """Send a message with QoS 1 and wait for the broker's answer. expiry: seconds. Raises CannotConnect."""
        if not self._is_valid(topic):
            return BrokerDelivery.NO_SUBSCRIBER
        if self._connection is None or not self._connected.is_set():
            raise CannotConnect("the broker is not connected")
        clears = retain and not payload
        if clears and not self._address.v5 and self._topics.parse(topic).kind:
            # MQTT 3.1.1 has no property by which the adapter could tell this message from one of the device.
            return BrokerDelivery.NO_SUBSCRIBER
        properties = NO_PROPERTIES
        if self._address.v5:
            properties = clearing_properties() if clears else _expiring(expiry)
        return await self._connection.deliver(topic, payload, retain=retain, properties=properties)

    @property
    def _host_and_port(self) -> str:
        return f"{self._address.host}:{self._address.port}"

    async def _room(self) -> None:
        """Wait until further messages fit. While the server is unavailable, each connection would bring another window of them."""
        if self._is_full(self._address.window):
            log.warning("broker_not_connected", problem=f"{self.waiting} messages wait for the server")
        while self._is_full(self._address.window):
            self._waits_for_room = True
            self._has_room.clear()
            await self._has_room.wait()

    def _clear(self, topic: str) -> bool:
        return self._connection is not None and self._connection.clear(topic, clearing_properties())

    def _is_valid(self, topic: str) -> bool:
        """Whether the broker accepts the topic; it disconnects a client that publishes to an invalid one."""
        problem = topic_problem(topic)
        if problem:
            self._log_limit.warning(log, "topic_not_used", reason="topic", topic=topic[:LONGEST_TOPIC], problem=problem)
        return not problem

    async def _run_connection(self) -> None:
        """Connect, and run until the connection ends. Raises CannotConnect."""
        connection = MqttConnection(self._address, self._receive)
        self._connection = connection
        try:
            await connection.connect()
            if self._accounts:
                self._accounts.connected()
            if connection.session_present:
                # The subscriptions of before hold. The answer to new ones may follow thousands of waiting messages.
                self._set_connected()
            await connection.subscribe(self._filters, self._obsolete)
            self._set_connected()
            began = time.monotonic()
            while not connection.closed.done():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_SECONDS):
                        await asyncio.shield(connection.closed)
                connection.keep_alive()
                self._cleanup.retry()
            self._record_loss(connection.closed.result(), time.monotonic() - began, connection.last_topic)
        finally:
            if self._accounts:
                self._accounts.disconnected()
            self._connected.clear()
            self._connection = None
            connection.close()
            self._orphan()

    def _set_connected(self) -> None:
        if not self._connected.is_set():
            log.info("broker_connected", address=self._host_and_port)
            self._connected.set()

    def _orphan(self) -> None:
        for message in self._unacknowledged.unfinished():
            self._orphaned.add(message)
            self._orphaned_bytes += len(message.payload)
        self._unacknowledged = Unacknowledged(self._acknowledge)
        self._held = []

    def _record_loss(self, problem: str, seconds: float, last_topic: str) -> None:
        if seconds >= SETTLED_SECONDS:
            self._backoff.reset()
        fields = {"hint": NAME_HINT} if seconds < SETTLED_SECONDS and not last_topic else {}
        # A broker that disconnects a client because of a message does not name the message.
        log.warning("broker_lost", problem=problem, last_published=last_topic[:LONGEST_TOPIC], **fields)

    def _receive(self, publishes: list[Publish]) -> None:
        """Process the messages of a read, as far as there is room."""
        # The receive maximum does not bound messages of QoS 0, nor, at Mosquitto 2.0.11, of QoS 1 once some were acknowledged.
        most = 2 * self._address.window
        room = max(0, most - self.waiting)
        arrived = [*self._held, *publishes]
        taken, self._held = arrived[:room], arrived[room:]
        messages = [self._message(publish) for publish in taken]
        self._unacknowledged.add(*messages)
        if self._connection and self._is_full(most):
            self._waits_for_room = True
            self._connection.pause()
        for message, publish in zip(messages, taken, strict=True):
            if not message.payload and is_clearing(publish.properties):
                self._unacknowledged.finish(message)
                continue
            if publish.is_retained and self._address.v5:
                self._cleanup.remove(message)
            self._on_message(message)

    def _read_again(self, connection: MqttConnection) -> None:
        """Process the messages that are held, and read further ones."""
        if connection is self._connection:
            self._receive([])
            if not self._waits_for_room:
                connection.resume()

    def _is_full(self, window: int) -> bool:
        return self.waiting >= window or self._unacknowledged.bytes + self._orphaned_bytes >= MOST_BYTES

    def _message(self, publish: Publish) -> Message:
        topic = publish.topic
        message = Message(topic, self._topics.parse(topic), publish.payload, publish.packet_id, publish.qos)
        if publish.is_retained:
            message.is_replay = self._connection is not None and self._connection.is_replay(publish)
        if publish.properties:
            add_properties(message, publish.properties)
        return message

    def _acknowledge(self, message: Message) -> None:
        if message.qos and self._connection:
            self._connection.acknowledge(message.mid)


def _expiring(seconds: int | None) -> Properties:
    return NO_PROPERTIES if seconds is None else {"message_expiry": seconds}
