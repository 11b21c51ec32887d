"""The composition root: the one place where parts are chosen and joined."""

import asyncio
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
from iotflow_gateway.broker import BrokerAddress, BrokerSession
from iotflow_gateway.desk import Desk
from iotflow_gateway.discovery import Discovery
from iotflow_gateway.joining import Joining
from iotflow_gateway.message import Message
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.refusals import Refusals
from iotflow_gateway.settings import Settings
from iotflow_gateway.topics import Kind, Topics
from iotflow_gateway.uplink import Uplink

log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
    async with AsyncExitStack() as stack:
        works = _works(settings, stack)
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _works(settings: Settings, stack: AsyncExitStack) -> list[Coroutine[Any, Any, None]]:
    token = settings.secret()
    metadata = credentials(token=token)
    channel = open_channel(settings.server)
    stack.push_async_callback(channel.close)
    topics, metrics = Topics(settings.mqtt_topic_prefix), Metrics()
    directory, joining = Directory(), Joining()
    lookups = Lookups(channel, metadata)
    stack.push_async_callback(lookups.close)

    def finished(message: Message) -> None:
        metrics.finished()
        session.finish(message)

    def publish(topic: str, payload: bytes) -> bool:
        return session.publish(topic, payload)

    refusals = Refusals(publish, metrics)
    discovery = Discovery(channel, topics, publish, finished)
    stack.push_async_callback(discovery.close)
    handlers = {Kind.REGISTER: discovery.handle}
    keyed = settings.accounts == "payload"
    if keyed:
        log.warning("the broker has no accounts: whoever reaches it reads what all devices send")
    desk = Desk(directory, lookups, joining, handlers, refusals.tell, finished, metrics, keyed=keyed)
    address = _address(settings, token)
    session = BrokerSession(address, topics, _filters(settings, topics), desk.take)
    uplink = Uplink(channel, token, joining, refusals.tell, finished)
    mosquitto = _mosquitto(settings, directory, address)
    watching = Watching(channel, metadata, directory, mosquitto.changed if mosquitto else nothing)
    metrics.gauge("iotflow_gateway_waiting", "Messages not yet acknowledged to the broker.", lambda: session.waiting)
    metrics.gauge("iotflow_gateway_devices", "Devices known.", lambda: len(directory))
    if settings.metrics_port:
        metrics.serve(settings.metrics_port)
    works = [watching.run(), uplink.run(), _serve(watching, mosquitto, session)]
    if mosquitto:
        works.append(mosquitto.run())
    if settings.ready_file:
        works.append(_tell_ready(session, settings.ready_file))
    return works


async def _tell_ready(session: BrokerSession, file: Path) -> None:
    await session.connected()
    await asyncio.to_thread(file.touch)
    # What has nothing more to do must not look like what has failed.
    await asyncio.Event().wait()


def nothing() -> None:
    """Nobody wants to know."""


async def _serve(watching: Watching, mosquitto: MosquittoAccounts | None, session: BrokerSession) -> None:
    """Messages are taken once their devices are known, and the broker knows the adapter."""
    await watching.complete()
    if mosquitto:
        await mosquitto.update()
    await session.run()


def _mosquitto(settings: Settings, directory: Directory, address: BrokerAddress) -> MosquittoAccounts | None:
    if settings.mosquitto_dir is None:
        return None
    own = (address.username, address.password)
    return MosquittoAccounts(settings.mosquitto_dir, settings.mosquitto_pid_file, directory, own)


def _address(settings: Settings, token: str) -> BrokerAddress:
    return BrokerAddress(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        username=settings.mqtt_username,
        password=settings.mqtt_password.get_secret_value() or token,
        client_id=f"iotflow-gateway-{settings.name}",
        tls=settings.mqtt_tls,
        ca_file=settings.mqtt_ca_file,
        v5=settings.mqtt_protocol == "5",
        window=settings.window,
    )


def _filters(settings: Settings, topics: Topics) -> list[str]:
    shared = f"$share/{settings.group}/" if settings.group else ""
    return [shared + one for one in topics.filters()]
