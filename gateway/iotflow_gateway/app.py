"""The composition root: the one place where parts are chosen and joined."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import structlog

from iotflow.channels import credentials, open_channel
from iotflow_gateway.accounts.account_watch import AccountWatch
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.accounts.mosquitto import MosquittoAccounts
from iotflow_gateway.broker import Broker, BrokerAddress, BrokerSession
from iotflow_gateway.devices.acknowledgements import AcknowledgementHandler
from iotflow_gateway.devices.commands import Commands
from iotflow_gateway.devices.configs import Configs
from iotflow_gateway.devices.grouped_calls import GroupedCalls
from iotflow_gateway.devices.presence import Presence
from iotflow_gateway.discovery import Discovery
from iotflow_gateway.embedded import EmbeddedBroker, Guard, UnknownLogins
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.uplink import Uplink
from iotflow_gateway.rejections.error_topics import ErrorTopics
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.rejections.reports import RejectionReports
from iotflow_gateway.router import Handler, MessageRouter
from iotflow_gateway.settings import Settings
from iotflow_gateway.topics import SIGNS_OF_LIFE, Kind, Topics

log = structlog.get_logger(__name__)

Work = Coroutine[Any, Any, None]


async def run(settings: Settings) -> None:
    """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(work) for work in _tasks(settings, stack)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What all parts stand on. own: the adapter's login at the broker."""

    settings: Settings
    channel: grpc.aio.Channel
    token: str
    address: BrokerAddress
    topics: Topics
    metrics: Metrics
    directory: Directory

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return credentials(token=self.token)

    @property
    def own(self) -> tuple[str, str]:
        return self.address.username, self.address.password


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What becomes of a message: something of it is refused, and nothing more will be done about it."""

    refused: Callable[[Message, Rejected], None]
    finished: Callable[[Message], None]


def _tasks(settings: Settings, stack: AsyncExitStack) -> list[Work]:
    """What runs side by side; what is to be closed at the end goes onto the stack."""
    ground = _ground(settings, stack)
    channel, metadata, topics, directory = ground.channel, ground.metadata, ground.topics, ground.directory
    # Whoever takes the messages publishes its refusals by the broker that brings them.
    broker = _broker(ground, lambda message: desk.take(message))
    reports = RejectionReports(channel, metadata)
    ends, joining = _ends(ground, broker, reports), Batcher()
    presence = Presence(channel, metadata, ends.refused, ends.finished)
    desk = _desk(ground, stack, joining, _handlers(ground, stack, broker, presence, ends), ends)
    configs = Configs(channel, metadata, topics, broker, directory)
    mosquitto = _mosquitto(ground)
    watching = AccountWatch(channel, metadata, directory, mosquitto.changed if mosquitto else noop)
    _register_metrics(ground, broker)
    return [
        watching.run(),
        Uplink(channel, ground.token, joining, ends.refused, ends.finished).run(),
        presence.run(),
        reports.run(),
        Commands(channel, metadata, topics, broker).run(),
        configs.run(),
        configs.keep_names(),
        _serve(watching, mosquitto, broker),
        *([mosquitto.run()] if mosquitto else []),
        *([_tell_ready(broker, settings.ready_file)] if settings.ready_file else []),
    ]


def _ground(settings: Settings, stack: AsyncExitStack) -> Context:
    token, channel = settings.secret(), open_channel(settings.server)
    stack.push_async_callback(channel.close)
    topics = Topics(settings.mqtt_topic_prefix)
    return Context(settings, channel, token, _address(settings, token), topics, Metrics(), Directory())


def _broker(ground: Context, take: Callable[[Message], None]) -> Broker:
    settings, address, topics, directory = ground.settings, ground.address, ground.topics, ground.directory
    if settings.broker == "elsewhere":
        return BrokerSession(address, topics, _filters(settings, topics), _replaced(settings, topics), take)
    strangers = UnknownLogins(newcomers=settings.discovery, publishers=settings.anonymous)
    guard = Guard(ground.channel, ground.metadata, directory, topics, ground.own, strangers)
    embedded = EmbeddedBroker(address.host, address.port, guard, topics, take, settings.window)
    directory.on_change(embedded.account_changed)
    return embedded


def _ends(ground: Context, broker: Broker, reports: RejectionReports) -> Callbacks:
    def finished(message: Message) -> None:
        ground.metrics.finished()
        broker.finish(message)

    return Callbacks(ErrorTopics(broker.publish, ground.metrics, reports.count).tell, finished)


def _handlers(
    ground: Context, stack: AsyncExitStack, broker: Broker, presence: Presence, ends: Callbacks
) -> dict[Kind, Handler]:
    """Who carries out what is no telemetry."""
    answers = GroupedCalls(ends.refused, ends.finished)
    answering = AcknowledgementHandler(ground.channel, ground.metadata, answers)
    discovery = Discovery(ground.channel, ground.topics, broker.publish, ends.finished)
    stack.push_async_callback(answers.close)
    stack.push_async_callback(discovery.close)
    return {
        Kind.REGISTER: discovery.handle,
        Kind.COMMAND_ACK: answering.command,
        Kind.CONFIG_REPORTED: answering.config,
        **dict.fromkeys(SIGNS_OF_LIFE, presence.handle),
    }


def _desk(
    ground: Context, stack: AsyncExitStack, joining: Batcher, handlers: Mapping[Kind, Handler], ends: Callbacks
) -> MessageRouter:
    lookups = Lookups(ground.channel, ground.metadata)
    stack.push_async_callback(lookups.close)
    keyed = ground.settings.accounts == "payload"
    if keyed:
        log.warning("the broker has no accounts: whoever reaches it reads what all devices send")
    if ground.settings.anonymous:
        log.warning(
            "anonymous_clients_allowed",
            problem="clients without a login may publish; each message shows the device's key to whoever listens on the network",
        )
    router = MessageRouter(
        ground.directory, lookups, joining, handlers, ends.refused, ends.finished, ground.metrics, keyed=keyed
    )
    stack.push_async_callback(router.close)
    return router


async def _serve(watching: AccountWatch, mosquitto: MosquittoAccounts | None, broker: Broker) -> None:
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


def noop() -> None:
    """Nobody wants to know."""


def _register_metrics(ground: Context, broker: Broker) -> None:
    metrics = ground.metrics
    metrics.gauge("iotflow_gateway_waiting", "Messages not yet acknowledged to the broker.", lambda: broker.waiting)
    metrics.gauge("iotflow_gateway_devices", "Devices known.", lambda: len(ground.directory))
    if ground.settings.metrics_port:
        metrics.serve(ground.settings.metrics_port)


def _mosquitto(ground: Context) -> MosquittoAccounts | None:
    settings = ground.settings
    if settings.mosquitto_dir is None:
        return None
    return MosquittoAccounts(settings.mosquitto_dir, settings.mosquitto_pid_file, ground.directory, ground.own)


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


def _replaced(settings: Settings, topics: Topics) -> list[str]:
    shared = f"$share/{settings.group}/" if settings.group else ""
    return [*topics.replaced(), *(shared + one for one in topics.replaced() if shared)]


def _filters(settings: Settings, topics: Topics) -> list[str]:
    shared = f"$share/{settings.group}/" if settings.group else ""
    anonymous = topics.anonymous() if settings.anonymous else []
    return [*topics.signs_of_life(), *(shared + one for one in topics.shared()), *anonymous]
