"""amqtt's broker, but that nobody is given retained messages of others."""

from amqtt.broker import Broker
from amqtt.session import Session


class LaptopBroker(Broker):
    """amqtt 0.12 gives whoever connects every retained message that anybody has subscribed to."""

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribed = self._subscriptions.get(subscription[0], ())
        if any(subscriber is session for subscriber, _ in subscribed):
            await super()._publish_retained_messages_for_subscription(subscription, session)
