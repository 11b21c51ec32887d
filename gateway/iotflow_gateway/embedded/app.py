"""The embedded broker's composition root."""

import asyncio
import logging

import structlog
from amqtt.contexts import BrokerConfig, ListenerConfig

from iotflow.channels import credentials, open_channel
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.watching import Watching
from iotflow_gateway.embedded.broker import LaptopBroker
from iotflow_gateway.embedded.guard import Guard
from iotflow_gateway.settings import Settings

log = structlog.get_logger(__name__)

# In this package's plugins, each is given the guard.
PLUGINS = ("Authentication", "Authorisation")


async def run(settings: Settings) -> None:
    """Until cancelled. Raises ServerError where the server takes nothing of this broker."""
    token = settings.secret()
    metadata = credentials(token=token)
    async with open_channel(settings.server) as channel:
        directory = Directory()
        own = (settings.mqtt_username, settings.mqtt_password.get_secret_value() or token)
        guard = Guard(channel, metadata, directory, settings.mqtt_topic_prefix, own, discovery=settings.discovery)
        broker = LaptopBroker(_config(settings, guard))
        leaving: set[asyncio.Task[None]] = set()

        def cut_off() -> None:
            task = asyncio.create_task(_cut_off(broker, guard))
            leaving.add(task)
            task.add_done_callback(leaving.discard)

        # It would write a line for every client that breaks off.
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        await broker.start()
        if settings.ready_file:
            await asyncio.to_thread(settings.ready_file.touch)
        log.info("broker listens", address=f"{settings.mqtt_host}:{settings.mqtt_port}")
        try:
            await Watching(channel, metadata, directory, cut_off).run()
        finally:
            await broker.shutdown()


async def _cut_off(broker: LaptopBroker, guard: Guard) -> None:
    """Those who are connected and may not be any more."""
    for session, handler in list(broker.sessions.values()):
        if session.transitions.state == "connected" and guard.is_cut_off(session.username or ""):
            log.info("cut off", username=session.username)
            await handler.handle_connection_closed()
            await handler.stop()


def _config(settings: Settings, guard: Guard) -> BrokerConfig:
    listener = ListenerConfig(bind=f"{settings.mqtt_host}:{settings.mqtt_port}")
    plugins = {f"iotflow_gateway.embedded.plugins.{name}": {"guard": guard} for name in PLUGINS}
    return BrokerConfig(listeners={"default": listener}, plugins=plugins)
