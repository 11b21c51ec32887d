"""The adapter's session at the broker: connected again when it breaks, with what is not acknowledged sent once more."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

import paho.mqtt.client as paho
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iotflow.channels import Backoff
from iotflow.log_limits import LogLimit
from iotflow.topic_names import topic_problem
from iotflow_gateway.broker.clearing import Clearing, clearing_properties, is_clearing
from iotflow_gateway.broker.connection import BrokerAddress, MqttConnection
from iotflow_gateway.broker.port import BrokerDelivery, CannotConnect
from iotflow_gateway.pipeline.message import MOST_BYTES, Message, Unacknowledged
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

# A connection that lasted so long was not put out by another adapter, which would have come back at once.
SETTLED_SECONDS = 1.0
NAME_OF_ITS_OWN = (
    "if another adapter has the same name, they put each other out: give each an IOTFLOW_GATEWAY_NAME of its own"
)

LONGEST_TOPIC = 200
MESSAGE_ID = "message-id"


class BrokerSession:
    """take: called with each message as it comes; finish() is owed for each."""

    def __init__(
        self,
        address: BrokerAddress,
        topics: Topics,
        filters: Sequence[str],
        replaced: Sequence[str],
        take: Callable[[Message], None],
    ) -> None:
        self._address = address
        self._topics = topics
        self._filters, self._replaced = list(filters), list(replaced)
        self._clearing = Clearing(self._clear)
        self._take = take
        self._line: MqttConnection | None = None
        self._unacknowledged = Unacknowledged(self._acknowledge)
        # Of connections that are over: the broker sends them again, and these are seen to all the same.
        self._left: set[Message] = set()
        self._left_bytes = 0
        self._has_room = asyncio.Event()
        self._backoff = Backoff(longest=5.0)
        self._connected = asyncio.Event()
        self._log_limit = LogLimit()

    @property
    def waiting(self) -> int:
        """Messages that are not yet acknowledged."""
        return len(self._unacknowledged) + len(self._left)

    async def connected(self) -> None:
        """Wait until messages come in."""
        await self._connected.wait()

    async def lost(self) -> None:
        """Wait until they come in no more."""
        if self._line:
            await asyncio.wait({self._line.closed})

    @property
    def remembers(self) -> bool:
        """Whether the broker that is connected knew the adapter."""
        return self._line is not None and self._line.session_present

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._room()
            try:
                await self._one_line()
            except (CannotConnect, TimeoutError) as error:
                place = f"{self._address.host}:{self._address.port}"
                log.warning("broker away", address=place, problem=str(error) or "no answer in time")
            await asyncio.sleep(self._backoff.delay(None))

    def finish(self, message: Message) -> None:
        """Nothing more will be done about the message: let the broker forget it."""
        if message in self._left:
            self._left.remove(message)
            self._left_bytes -= len(message.payload)
        else:
            self._unacknowledged.finish(message)
        if self._is_full(self._address.window):
            return
        self._has_room.set()
        if self._line:
            self._line.resume()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message; False: the broker is away, too much waits for it already, or it would not take the topic."""
        return self._takes(topic) and self._line is not None and self._line.publish(topic, payload)

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry: int | None = None,
        device_id: int = 0,  # noqa: ARG002
    ) -> BrokerDelivery:
        """Send a message and wait for the broker's word. expiry: seconds. Raises CannotConnect."""
        if not self._takes(topic):
            return BrokerDelivery.UNHEARD
        if self._line is None or not self._connected.is_set():
            raise CannotConnect("the broker is away")
        clears = retain and not payload
        if clears and not self._address.v5 and self._topics.parse(topic).kind:
            # Without a mark it would come back as a message of the device's.
            return BrokerDelivery.UNHEARD
        properties = clearing_properties() if clears else _expiring(expiry)
        return await self._line.deliver(topic, payload, retain=retain, properties=properties)

    async def _room(self) -> None:
        """Wait until there is some: while the server is away, each new connection would bring as many messages as the one before."""
        if self._is_full(self._address.window):
            log.warning("broker_not_connected", problem=f"{self.waiting} messages wait for the server")
        while self._is_full(self._address.window):
            self._has_room.clear()
            await self._has_room.wait()

    def _clear(self, topic: str) -> bool:
        return self._line is not None and self._line.clear(topic, clearing_properties())

    def _takes(self, topic: str) -> bool:
        """Whether the broker takes the topic: over one that it does not, it ends the connection."""
        problem = topic_problem(topic)
        if problem:
            self._log_limit.warning(log, "topic_not_used", reason="topic", topic=topic[:LONGEST_TOPIC], problem=problem)
        return not problem

    async def _one_line(self) -> None:
        """From connecting to the end of the connection."""
        line = MqttConnection(self._address, self._received)
        self._line = line
        try:
            await line.connect()
            await line.subscribe(self._filters, self._replaced)
            log.info("broker connected", address=f"{self._address.host}:{self._address.port}")
            self._connected.set()
            began = time.monotonic()
            while not line.closed.done():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await asyncio.shield(line.closed)
                line.keep_alive()
                self._clearing.again()
            self._was_lost(line.closed.result(), time.monotonic() - began, line.last_topic)
        finally:
            self._connected.clear()
            self._line = None
            line.close()
            self._leave()

    def _leave(self) -> None:
        for message in self._unacknowledged.unfinished():
            self._left.add(message)
            self._left_bytes += len(message.payload)
        self._unacknowledged = Unacknowledged(self._acknowledge)

    def _was_lost(self, problem: str, seconds: float, last_topic: str) -> None:
        if seconds >= SETTLED_SECONDS:
            self._backoff.reset()
        facts = {"hint": NAME_OF_ITS_OWN} if seconds < SETTLED_SECONDS and not last_topic else {}
        # A broker does not say over which message it ended a connection.
        log.warning("broker lost", problem=problem, last_published=last_topic[:LONGEST_TOPIC], **facts)

    def _received(self, got: paho.MQTTMessage) -> None:
        message = self._message(got)
        self._unacknowledged.add(message)
        if not got.payload and is_clearing(got.properties):
            self._unacknowledged.finish(message)
            return
        if got.retain and self._address.v5:
            self._clearing.retained(message)
        # Of QoS 0 the broker sends as much as there is; Mosquitto 2.0.11 also of QoS 1, once some was acknowledged.
        if self._line and self._is_full(2 * self._address.window):
            self._line.pause()
        self._take(message)

    def _is_full(self, window: int) -> bool:
        return self.waiting >= window or self._unacknowledged.bytes + self._left_bytes >= MOST_BYTES

    def _message(self, got: paho.MQTTMessage) -> Message:
        try:
            topic = got.topic
        except UnicodeDecodeError:
            topic = ""
        message = Message(topic, self._topics.parse(topic), bytes(got.payload), got.mid, got.qos)
        message.stale = self._line is not None and self._line.is_of_old(got)
        if self._address.v5 and got.properties is not None:
            _add_properties(message, got.properties)
        return message

    def _acknowledge(self, message: Message) -> None:
        if message.qos and self._line:
            self._line.acknowledge(message.mid)


def _add_properties(message: Message, properties: Properties) -> None:
    said = properties.__dict__
    message.content_type = said.get("ContentType", "")
    message.correlation = said.get("CorrelationData", b"")
    for name, value in said.get("UserProperty", ()):
        if name == MESSAGE_ID:
            message.message_id = value


def _expiring(seconds: int | None) -> Properties | None:
    if seconds is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = seconds
    return properties
