"""The packets of an admitted client."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from iotflow_gateway.endpoint.connection import Connection
from iotflow_gateway.endpoint.fanout import Fanout
from iotflow_gateway.endpoint.inbound import Inbound
from iotflow_gateway.endpoint.incoming import IncomingMessages
from iotflow_gateway.endpoint.limits import LONGEST_FILTER, LONGEST_SESSION, MOST_FILTERS, MOST_FILTERS_AT_ONCE
from iotflow_gateway.endpoint.session import Granted, Session
from iotflow_gateway.endpoint.session_store import SessionStore
from iotflow_gateway.endpoint.subscriptions import Subscriptions
from iotflow_gateway.mqtt import (
    Disconnect,
    MalformedPacket,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
    Version,
)
from iotflow_gateway.mqtt.reason_codes import FIRST_FAILURE
from iotflow_gateway.mqtt.subscribe import DO_NOT_SEND_RETAINED, SEND_RETAINED_IF_NEW

log = structlog.get_logger(__name__)


class Client:
    """A session and its connection. may_subscribe: whether the client may use a filter."""

    def __init__(
        self,
        connection: Connection,
        session: Session,
        *,
        incoming: IncomingMessages,
        subscriptions: Subscriptions,
        fanout: Fanout,
        store: SessionStore,
        may_subscribe: Callable[[Session, str], bool],
        explains: bool,
    ) -> None:
        self.connection = connection
        self.session = session
        self._incoming = incoming
        self._subscriptions = subscriptions
        self._fanout = fanout
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()
        self._may_subscribe = may_subscribe
        self._inbound = Inbound(connection, session, incoming, explains=explains)
        # Whether the last will is not published.
        self.has_disconnected = False
        self._handlers: dict[type, Callable[[Any], None]] = {
            Publish: self._inbound.receive,
            Pubrel: self._inbound.release,
            Puback: self._acknowledge,
            Pubrec: self._receive_first,
            Pubcomp: self._acknowledge,
            Subscribe: self._subscribe,
            Unsubscribe: self._unsubscribe,
            Pingreq: self._ping,
            Disconnect: self._disconnect,
        }

    def handle(self, _connection: Connection, packet: Packet) -> None:
        """Process a packet. Raises MalformedPacket if it violates the protocol."""
        handler = self._handlers.get(type(packet))
        if handler is None:
            raise MalformedPacket("the client authenticates in one step", ReasonCode.PROTOCOL_ERROR)
        handler(packet)

    def _write(self, packet: Pingresp | Suback | Unsuback) -> None:
        self.connection.write(packet.encode(self.connection.version))

    def _ping(self, _packet: Pingreq) -> None:
        self._write(Pingresp())

    def _acknowledge(self, packet: Puback | Pubcomp) -> None:
        self.session.outbound.acknowledge(packet.packet_id)

    def _receive_first(self, packet: Pubrec) -> None:
        if packet.code >= FIRST_FAILURE:
            self.session.outbound.acknowledge(packet.packet_id)
        else:
            self.session.outbound.receive_first(packet.packet_id)

    def _subscribe(self, packet: Subscribe) -> None:
        _check_count(len(packet.subscriptions))
        identifier = next(iter(packet.properties.get("subscription_identifiers", ())), 0)
        before = dict(self.session.filters)
        codes = [self._add(one, identifier) for one in packet.subscriptions]

        def answer() -> None:
            self._write(Suback(packet.packet_id, codes))
            for one in packet.subscriptions:
                granted = self.session.filters.get(one.topic_filter)
                if granted and _is_retained_sent(one, is_new=one.topic_filter not in before):
                    self._fanout.send_retained(self.session, granted)
            self._incoming.record_reachable(self.session)

        self._once_stored(before, answer)

    def _once_stored(self, before: dict[str, Granted], answer: Callable[[], None]) -> None:
        """Answer the client when the server has stored its subscriptions. before: those that it has stored."""
        stored, filters = self.session.stored, self.session.filters
        if stored is None or (filters == before and not self._tasks):
            answer()
            return

        async def store() -> None:
            await self._store.store_subscriptions(stored, filters.values())
            if not self.connection.is_closed:
                answer()

        task = asyncio.create_task(store(), name="subscriptions")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _add(self, one: Subscription, identifier: int) -> ReasonCode:
        """Add a subscription; the answer."""
        if one.is_shared:
            return ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
        filters, wanted = self.session.filters, one.topic_filter
        if wanted not in filters and (len(filters) >= MOST_FILTERS or len(wanted) > LONGEST_FILTER):
            problem = f"the limit of a session is {MOST_FILTERS} filters of at most {LONGEST_FILTER} characters"
            log.info("subscription_rejected", problem=problem, username=self.session.login.username)
            return ReasonCode.QUOTA_EXCEEDED
        if not self._may_subscribe(self.session, wanted):
            return ReasonCode.NOT_AUTHORIZED
        self._subscriptions.add(self.session, Granted(one, identifier))
        return ReasonCode(one.qos)

    def _unsubscribe(self, packet: Unsubscribe) -> None:
        _check_count(len(packet.filters))
        before = dict(self.session.filters)
        codes = [
            ReasonCode.SUCCESS if self._subscriptions.remove(self.session, one) else ReasonCode.NO_SUBSCRIPTION_EXISTED
            for one in packet.filters
        ]
        self._once_stored(before, lambda: self._write(Unsuback(packet.packet_id, codes)))

    def _disconnect(self, packet: Disconnect) -> None:
        expiry = packet.properties.get("session_expiry")
        if expiry is not None and self.connection.version is Version.V5:
            if expiry and not self.session.expiry:
                # [MQTT-3.14.2-2]
                problem = "DISCONNECT makes a session last that ends with its connection"
                raise MalformedPacket(problem, ReasonCode.PROTOCOL_ERROR)
            self.session.expiry = min(expiry, LONGEST_SESSION)
        self.has_disconnected = packet.code is ReasonCode.SUCCESS
        self.connection.close("")


def _check_count(count: int) -> None:
    if count > MOST_FILTERS_AT_ONCE:
        raise MalformedPacket(f"a packet of more than {MOST_FILTERS_AT_ONCE} filters", ReasonCode.QUOTA_EXCEEDED)


def _is_retained_sent(one: Subscription, *, is_new: bool) -> bool:
    """Whether the retained messages of a subscription are sent (3.8.3.1)."""
    if one.retain_handling == SEND_RETAINED_IF_NEW:
        return is_new
    return one.retain_handling != DO_NOT_SEND_RETAINED
