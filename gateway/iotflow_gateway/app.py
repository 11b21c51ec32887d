"""The composition root: the one place where parts are chosen and joined."""

import asyncio
import hashlib
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import structlog

from iotflow.channels import credentials, open_channel
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.accounts.mosquitto import MosquittoAccounts
from iotflow_gateway.accounts.watching import Watching
from iotflow_gateway.broker import Broker, BrokerAddress, BrokerSession
from iotflow_gateway.desk import Desk
from iotflow_gateway.devices.answering import Answering
from iotflow_gateway.devices.answers import Answers
from iotflow_gateway.devices.commands import Commands
from iotflow_gateway.devices.configs import Configs
from iotflow_gateway.devices.presence import Presence
from iotflow_gateway.discovery import Discovery
from iotflow_gateway.embedded import EmbeddedBroker, Guard
from iotflow_gateway.joining import Joining
from iotflow_gateway.message import Message
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.refusals import Refusals
from iotflow_gateway.settings import Settings
from iotflow_gateway.topics import SIGNS_OF_LIFE, Kind, Topics
from iotflow_gateway.uplink import Uplink

log = structlog.get_logger(__name__)

Work = Coroutine[Any, Any, None]


async def run(settings: Settings) -> None:
    """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(work) for work in _works(settings, stack)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _works(settings: Settings, stack: AsyncExitStack) -> list[Work]:
    """What runs side by side; what is to be closed at the end goes onto the stack."""
    token = settings.secret()
    metadata, address = credentials(token=token), _address(settings, token)
    own = (address.username, address.password)
    channel = open_channel(settings.server)
    stack.push_async_callback(channel.close)
    topics, metrics, directory, joining = Topics(settings.mqtt_topic_prefix), Metrics(), Directory(), Joining()

    def take(message: Message) -> None:
        desk.take(message)

    broker: Broker
    if settings.broker == "embedded":
        guard = Guard(channel, metadata, directory, topics, own, discovery=settings.discovery)
        embedded = broker = EmbeddedBroker(address.host, address.port, guard, topics, take, settings.window)
        directory.on_change(lambda _before, _after: embedded.accounts_changed())
    else:
        broker = BrokerSession(address, topics, _filters(settings, topics), take)

    def finished(message: Message) -> None:
        metrics.finished()
        broker.finish(message)

    refused = Refusals(broker.publish, metrics).tell
    lookups = Lookups(channel, metadata)
    answers = Answers(refused, finished)
    discovery = Discovery(channel, topics, broker.publish, finished)
    for part in (lookups, answers, discovery):
        stack.push_async_callback(part.close)
    presence = Presence(channel, metadata, refused, finished)
    answering = Answering(channel, metadata, answers)
    handlers = {
        Kind.REGISTER: discovery.handle,
        Kind.COMMAND_ACK: answering.command,
        Kind.CONFIG_REPORTED: answering.config,
        **dict.fromkeys(SIGNS_OF_LIFE, presence.handle),
    }
    desk = Desk(directory, lookups, joining, handlers, refused, finished, metrics, keyed=_keyed(settings))
    configs = Configs(channel, metadata, topics, broker, directory)
    mosquitto = _mosquitto(settings, directory, own)
    watching = Watching(channel, metadata, directory, mosquitto.changed if mosquitto else nothing)
    _show(settings, metrics, broker, directory)
    return [
        watching.run(),
        Uplink(channel, token, joining, refused, finished).run(),
        presence.run(),
        Commands(channel, metadata, topics, broker).run(),
        configs.run(),
        configs.keep_names(),
        _serve(watching, mosquitto, broker),
        *([mosquitto.run()] if mosquitto else []),
        *([_tell_ready(broker, settings.ready_file)] if settings.ready_file else []),
    ]


async def _serve(watching: Watching, mosquitto: MosquittoAccounts | None, broker: Broker) -> None:
    """Messages are taken once their devices are known, and the broker knows the adapter."""
    await watching.complete()
    if mosquitto:
        await mosquitto.update()
    await broker.run()


async def _tell_ready(broker: Broker, file: Path) -> None:
    await broker.connected()
    await asyncio.to_thread(file.touch)
    # What has nothing more to do must not look like what has failed.
    await asyncio.Event().wait()


def nothing() -> None:
    """Nobody wants to know."""


def _show(settings: Settings, metrics: Metrics, broker: Broker, directory: Directory) -> None:
    metrics.gauge("iotflow_gateway_waiting", "Messages not yet acknowledged to the broker.", lambda: broker.waiting)
    metrics.gauge("iotflow_gateway_devices", "Devices known.", lambda: len(directory))
    if settings.metrics_port:
        metrics.serve(settings.metrics_port)


def _keyed(settings: Settings) -> bool:
    if settings.accounts == "payload":
        log.warning("the broker has no accounts: whoever reaches it reads what all devices send")
    return settings.accounts == "payload"


def _mosquitto(settings: Settings, directory: Directory, own: tuple[str, str]) -> MosquittoAccounts | None:
    if settings.mosquitto_dir is None:
        return None
    return MosquittoAccounts(settings.mosquitto_dir, settings.mosquitto_pid_file, directory, own)


def _secret_part(password: str) -> str:
    """Of the client id: whoever connects with the same one takes over the session, and what it is owed."""
    return hashlib.sha256(f"client id {password}".encode()).hexdigest()[:16]


def _address(settings: Settings, token: str) -> BrokerAddress:
    password = settings.mqtt_password.get_secret_value() or token
    return BrokerAddress(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        username=settings.mqtt_username,
        password=password,
        client_id=f"iotflow-gateway-{settings.name}-{_secret_part(password)}",
        tls=settings.mqtt_tls,
        ca_file=settings.mqtt_ca_file,
        v5=settings.mqtt_protocol == "5",
        window=settings.window,
    )


def _filters(settings: Settings, topics: Topics) -> list[str]:
    shared = f"$share/{settings.group}/" if settings.group else ""
    return [*topics.signs_of_life(), *(shared + one for one in topics.shared())]
