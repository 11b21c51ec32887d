"""The composition root: chooses the parts of the adapter, joins them and runs them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import structlog

from iotflow.channels import credentials, open_channel
from iotflow_gateway.accounts.directory import AccountWatch, Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.accounts.mosquitto import MosquittoAccounts
from iotflow_gateway.broker import Broker, BrokerAddress, BrokerSession, OnMessage
from iotflow_gateway.broker.options import broker_address, filters, obsolete_filters
from iotflow_gateway.devices.acknowledgements import AcknowledgementHandler, OrderedCalls
from iotflow_gateway.devices.commands import CommandDownlink
from iotflow_gateway.devices.configs import ConfigPublisher
from iotflow_gateway.devices.presence import PresenceHandler
from iotflow_gateway.devices.registration import MqttRegistrationHandler
from iotflow_gateway.endpoint import AccessControl, AnonymousAccess, Endpoint, RegistrySessions
from iotflow_gateway.json_door import JsonDoor
from iotflow_gateway.listeners import listeners
from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.arrival_times import ArrivalTimes
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message
from iotflow_gateway.pipeline.telemetry_handler import TelemetryHandler
from iotflow_gateway.pipeline.uplink import Uplink
from iotflow_gateway.rejections import RejectionPublisher, RejectionReports
from iotflow_gateway.router import Handler, MessageRouter
from iotflow_gateway.settings import GatewaySettings
from iotflow_gateway.topics import SIGNS_OF_LIFE, Kind, Topics

log = structlog.get_logger(__name__)

Work = Coroutine[Any, Any, None]


async def run(settings: GatewaySettings) -> None:
    """Run the adapter until cancelled. Raises ServerError if the server rejects this adapter."""
    async with AsyncExitStack() as stack:
        context = _context(settings, stack)
        tasks = [asyncio.create_task(work) for work in _tasks(context)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except asyncio.CancelledError:
            for drain in context.drains:
                await drain()
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that most others need. stack: closes parts when the adapter ends. drains: called before its tasks end."""

    settings: GatewaySettings
    stack: AsyncExitStack
    channel: grpc.aio.Channel
    token: str
    address: BrokerAddress
    topics: Topics
    metrics: GatewayMetrics
    directory: Directory
    # The name of this process among those of all endpoints.
    process: str
    drains: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The credentials of calls to the server."""
        return credentials(token=self.token)

    @property
    def adapter(self) -> tuple[str, str]:
        """Name and password of the adapter's account at the broker."""
        return self.address.username, self.address.password


def _context(settings: GatewaySettings, stack: AsyncExitStack) -> Context:
    token, channel = settings.secret(), open_channel(settings.server)
    stack.push_async_callback(channel.close)
    return Context(
        settings=settings,
        stack=stack,
        channel=channel,
        token=token,
        address=broker_address(settings, token),
        topics=Topics(settings.mqtt_topic_prefix),
        metrics=GatewayMetrics(),
        directory=Directory(),
        process=secrets.token_hex(16),
    )


def _tasks(context: Context) -> list[Work]:
    """The concurrent tasks of the adapter."""
    channel, metadata = context.channel, context.metadata
    mosquitto = _mosquitto(context)
    broker, reports, batcher = _broker(context, mosquitto), RejectionReports(channel, metadata), Batcher()
    callbacks = _callbacks(context, broker, reports)
    presence = PresenceHandler(channel, metadata, callbacks)
    router = _router(context, batcher, _handlers(context, broker, presence, callbacks), callbacks)
    configs = ConfigPublisher(channel, metadata, context.topics, broker, context.directory)
    accounts = AccountWatch(channel, metadata, context.directory, mosquitto.mark_changed if mosquitto else noop)
    ready_file = context.settings.ready_file
    _register_metrics(context, broker)
    return [
        accounts.run(),
        Uplink(channel, context.token, batcher, callbacks).run(),
        presence.run(),
        reports.run(),
        CommandDownlink(channel, metadata, context.topics, broker).run(),
        configs.run(),
        configs.follow_names(),
        _serve(broker, router.route, accounts, mosquitto),
        *([mosquitto.run()] if mosquitto else []),
        *([create_ready_file(broker, ready_file)] if ready_file else []),
        *_json_door(context),
    ]


def _json_door(context: Context) -> list[Work]:
    settings = context.settings
    if settings.json_socket is None:
        return []
    door = JsonDoor(settings.json_socket, settings.server, settings.envoy_secret.get_secret_value())
    context.metrics.gauge("iotflow_gateway_websockets", "WebSocket connections with JSON.", lambda: door.connections)
    return [door.run()]


def _broker(context: Context, mosquitto: MosquittoAccounts | None) -> Broker:
    settings, address, topics = context.settings, context.address, context.topics
    if settings.broker == "elsewhere":
        return BrokerSession(
            address, topics, filters(settings, topics), obsolete_filters(settings, topics), accounts=mosquitto
        )
    access = AccessControl(
        channel=context.channel,
        metadata=context.metadata,
        directory=context.directory,
        topics=topics,
        adapter=context.adapter,
        anonymous=AnonymousAccess(register=settings.discovery, publish=settings.anonymous),
    )
    store = RegistrySessions(context.channel, context.metadata, context.process)
    context.stack.push_async_callback(store.close)
    endpoint = Endpoint(listeners(settings), access, store, topics, settings.window, settings.server_reference)
    context.drains.append(endpoint.drain)
    context.directory.on_change(endpoint.account_changed)
    return endpoint


def _callbacks(context: Context, broker: Broker, reports: RejectionReports) -> Callbacks:
    def finish(message: Message) -> None:
        context.metrics.record_finished()
        broker.finish(message)

    return Callbacks(reject=RejectionPublisher(broker.publish, context.metrics, reports).reject, finish=finish)


def _handlers(context: Context, broker: Broker, presence: PresenceHandler, callbacks: Callbacks) -> dict[Kind, Handler]:
    """The handlers of messages other than telemetry."""
    calls = OrderedCalls(callbacks)
    acknowledgements = AcknowledgementHandler(context.channel, context.metadata, calls)
    registration = MqttRegistrationHandler(context.channel, context.topics, broker.publish, callbacks.finish)
    context.stack.push_async_callback(calls.close)
    context.stack.push_async_callback(registration.close)
    return {
        Kind.REGISTER: registration.handle,
        Kind.COMMAND_ACK: acknowledgements.handle_command,
        Kind.CONFIG_REPORTED: acknowledgements.handle_config,
        **dict.fromkeys(SIGNS_OF_LIFE, presence.handle),
    }


def _router(context: Context, batcher: Batcher, handlers: dict[Kind, Handler], callbacks: Callbacks) -> MessageRouter:
    settings, lookups = context.settings, Lookups(context.channel, context.metadata)
    arrival_times = ArrivalTimes(context.channel, context.metadata, context.process)
    context.stack.push_async_callback(arrival_times.close)
    _warn_of_open_broker(settings)
    router = MessageRouter(
        directory=context.directory,
        lookups=lookups,
        telemetry=TelemetryHandler(batcher, arrival_times, callbacks),
        handlers=handlers,
        callbacks=callbacks,
        metrics=context.metrics,
        keyed=settings.accounts == "payload",
    )
    context.stack.push_async_callback(lookups.close)
    context.stack.push_async_callback(router.close)
    return router


def _warn_of_open_broker(settings: GatewaySettings) -> None:
    if settings.accounts == "payload":
        problem = "the broker has no accounts: each of its clients can read the messages and keys of all devices"
        log.warning("broker_without_accounts", problem=problem)
    if settings.anonymous:
        problem = "clients without a login may publish; their messages show the device's key on the network"
        log.warning("anonymous_clients_allowed", problem=problem)


def _mosquitto(context: Context) -> MosquittoAccounts | None:
    settings = context.settings
    if settings.mosquitto_dir is None:
        return None
    return MosquittoAccounts(settings.mosquitto_dir, settings.mosquitto_pid_file, context.directory, context.adapter)


async def _serve(
    broker: Broker, on_message: OnMessage, accounts: AccountWatch, mosquitto: MosquittoAccounts | None
) -> None:
    """Run the broker once the devices are known to the adapter, and the adapter to the broker."""
    await accounts.complete()
    if mosquitto:
        await mosquitto.prepare()
    await broker.run(on_message)


async def create_ready_file(broker: Broker, file: Path) -> None:
    """Create the file once the broker delivers messages; then wait until cancelled."""
    await broker.connected()
    await asyncio.to_thread(file.touch)
    # The adapter ends when one of its tasks returns.
    await asyncio.Event().wait()


def noop() -> None:
    """A callback without an effect."""


def _register_metrics(context: Context, broker: Broker) -> None:
    metrics = context.metrics
    metrics.gauge("iotflow_gateway_waiting", "Messages not yet acknowledged to the broker.", lambda: broker.waiting)
    metrics.gauge("iotflow_gateway_devices", "Devices known.", lambda: len(context.directory))
    if context.settings.metrics_port:
        metrics.serve(context.settings.metrics_port)
