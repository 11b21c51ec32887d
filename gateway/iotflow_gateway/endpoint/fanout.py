"""Sends messages to the sessions that subscribed to their topics, and retained messages to new subscriptions."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from iotflow_gateway.endpoint.limits import ACKNOWLEDGE_SECONDS
from iotflow_gateway.endpoint.publication import Outgoing, Publication
from iotflow_gateway.endpoint.retained import Retained
from iotflow_gateway.endpoint.session import Granted, Session
from iotflow_gateway.endpoint.subscriptions import Subscriptions
from iotflow_gateway.mqtt.topic_filters import matches
from iotflow_gateway.topics import Address


class Fanout:
    """may_receive: whether a session may receive the messages of a topic."""

    def __init__(self, subscriptions: Subscriptions, may_receive: Callable[[Session, str], bool]) -> None:
        self._subscriptions = subscriptions
        self._may_receive = may_receive
        self.retained = Retained()

    def may_have_subscribers(self, topic: str, address: Address) -> bool:
        """Whether any session subscribed to topics of the same device, or of the same kind."""
        return self._subscriptions.may_match(topic, address.root)

    def publish(self, publication: Publication, sender: Session | None = None) -> bool:
        """Send a message to all subscribers; it is queued for sessions without a connection. sender: the session of the client that
        published it. False: a subscriber does not receive it, because a limit is reached."""
        sent = [
            session.outbound.send(outgoing)
            for session, outgoing in self._outgoing(publication, sender)
            if outgoing.qos or session.client
        ]
        return all(sent)

    async def deliver(self, publication: Publication, *, only: int = 0) -> bool:
        """Send a message to the connected subscribers, and wait for their acknowledgements. The result: whether any of
        them received it. only: the one device that may receive it, or 0."""
        answers, sent = list[asyncio.Future[bool]](), list[tuple[Session, Outgoing]]()
        for session, outgoing in self._outgoing(publication, None):
            if session.client is None or (only and session.device_id != only):
                continue
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            if outgoing.qos:
                outgoing.answer = answer
                sent.append((session, outgoing))
            is_sent = session.outbound.send(outgoing)
            if not (outgoing.qos and is_sent) and not answer.done():
                answer.set_result(is_sent)
            answers.append(answer)
        if not answers:
            return False
        try:
            await asyncio.wait(answers, timeout=ACKNOWLEDGE_SECONDS)
        finally:
            for session, outgoing in sent:
                session.outbound.withdraw(outgoing)
        return any(answer.done() and answer.result() for answer in answers)

    def send_retained(self, session: Session, granted: Granted) -> None:
        """Send the retained messages that match a subscription of a connected session."""
        for kept in self.retained.of(session.device_id):
            topic = kept.topic
            if matches(granted.subscription.topic_filter, topic) and self._may_receive(session, topic):
                session.outbound.send(
                    Outgoing(kept, min(kept.qos, granted.qos), is_retained=True, identifiers=_identifiers([granted]))
                )

    def _outgoing(self, publication: Publication, sender: Session | None) -> Iterator[tuple[Session, Outgoing]]:
        """The message for each subscriber, once, with the highest QoS that it was granted (3.3.4)."""
        for session, granted in self._subscriptions.matching(publication.topic).items():
            wanted = [one for one in granted if not (one.subscription.no_local and session is sender)]
            if wanted and self._may_receive(session, publication.topic):
                granted_qos = max(one.qos for one in wanted)
                is_retained = publication.is_retained and any(one.subscription.retain_as_published for one in wanted)
                identifiers = _identifiers(wanted)
                yield session, Outgoing(publication, min(publication.qos, granted_qos), is_retained, identifiers)


def _identifiers(granted: Sequence[Granted]) -> tuple[int, ...]:
    return tuple(one.identifier for one in granted if one.identifier)
