"""MqttService: what brokers and their adapters ask about devices."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from typing import Any

from iotflow.mqtt_topics import ADAPTER, REGISTRAR, TopicGrammar
from iotflow.topic_names import ANONYMOUS
from iotflow.v1 import mqtt_service_pb2, mqtt_service_pb2_grpc
from iotflow.words import DeviceStatus, MqttAction, MqttDecision, Role
from iotflow_server.auth.identities import Identities
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import NotFound
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.mqtt.accounts import Account, Accounts, AccountSubscription
from iotflow_server.rpc.codec.wire_values import timestamp_of
from iotflow_server.rpc.gateway.adapter_links import AdapterLinks
from iotflow_server.rpc.mqtt.rejection_counts import MqttRefusals
from iotflow_server.rpc.streams.sessions import Session, Sessions

wire = mqtt_service_pb2
DEFAULT_PAGE = 1_000
ROLES = {ADAPTER: (Role.GATEWAY, Role.ADMIN), REGISTRAR: (Role.REGISTRAR, Role.ADMIN)}
LARGEST_ID = 2**31 - 1


class MqttService(mqtt_service_pb2_grpc.MqttServiceServicer):
    """See mqtt_service.proto for what each RPC promises. prefix: the first part of every topic. anonymous: whether clients
    without a login may publish messages that hold an `api_key`."""

    def __init__(
        self,
        registry: Registry,
        identities: Identities,
        accounts: Accounts,
        sessions: Sessions,
        refusals: MqttRefusals,
        prefix: str,
        links: AdapterLinks,
        *,
        anonymous: bool,
    ) -> None:
        self._links = links
        self._registry = registry
        self._identities = identities
        self._accounts = accounts
        self._sessions = sessions
        self._refusals = refusals
        self._topics = TopicGrammar(prefix)
        self._anonymous = anonymous

    async def WatchAccounts(
        self, request: wire.WatchAccountsRequest, context: Context
    ) -> AsyncIterator[wire.WatchAccountsResponse]:
        size = request.page_size or DEFAULT_PAGE
        watcher = self._accounts.watch()
        leaving = ExitStack()
        try:
            async with self._sessions.open(principal_of(context)) as session:
                leaving.enter_context(self._links.watching())
                async for page in self._all(size):
                    yield page
                while True:
                    changed = await _unless_ended(session, watcher)
                    if changed is None:
                        yield wire.WatchAccountsResponse(again=True)
                        async for page in self._all(size):
                            yield page
                    for first in range(0, len(changed or ()), size):
                        yield await self._changed((changed or ())[first : first + size])
        finally:
            leaving.close()
            self._accounts.unwatch(watcher)

    async def FindAccount(self, request: wire.FindAccountRequest, _context: Context) -> wire.FindAccountResponse:
        by_key = request.WhichOneof("by") == "api_key"
        key = await self._identities.key(request.api_key) if by_key else None
        device = key.device if key else None if by_key else await self._named(request.username)
        found = await self._accounts.of([device.id]) if device else []
        if not found:
            raise NotFound("DEVICE_NOT_FOUND", f"There is no device with this {'key' if by_key else 'id or name'}.")
        valid_until = timestamp_of(key.until) if key else None
        return wire.FindAccountResponse(account=_account(found[0]), key_valid_until=valid_until)

    async def ReportRefusals(
        self, request: wire.ReportRefusalsRequest, _context: Context
    ) -> wire.ReportRefusalsResponse:
        self._refusals.add(request.counts)
        return wire.ReportRefusalsResponse()

    async def Authenticate(self, request: wire.AuthenticateRequest, _context: Context) -> wire.AuthenticateResponse:
        if request.username in ROLES:
            token = await self._identities.token(request.password)
            allowed = token is not None and token.role in ROLES[request.username]
            return wire.AuthenticateResponse(
                result=_result(allowed), is_superuser=allowed and request.username == ADAPTER
            )
        if not request.username:
            return wire.AuthenticateResponse(result=_result(self._anonymous))
        device = await self._identities.device(request.password)
        own = device is not None and request.username in (str(device.id), device.name)
        return wire.AuthenticateResponse(
            result=_result(own and device is not None and device.status != DeviceStatus.INACTIVE)
        )

    async def Authorize(self, request: wire.AuthorizeRequest, _context: Context) -> wire.AuthorizeResponse:
        return wire.AuthorizeResponse(result=_result(await self._allows(request)))

    async def _allows(self, request: wire.AuthorizeRequest) -> bool:
        topic, publishing = request.mountpoint + request.topic, request.action == MqttAction.PUBLISH
        if request.username == ADAPTER:
            return True
        if request.username == REGISTRAR:
            return self._topics.allows_registrar(topic, publishing=publishing)
        if not request.username:
            return self._anonymous and publishing and self._is_mounted(topic)
        device = await self._named(request.username)
        if device is None or device.status == DeviceStatus.INACTIVE:
            return False
        return self._topics.allows_device((str(device.id), device.name), topic, publishing=publishing)

    def _is_mounted(self, topic: str) -> bool:
        """Elsewhere the adapter takes a message for one of a device that logged in."""
        return topic.startswith(ANONYMOUS) and self._topics.allows_anonymous(topic.removeprefix(ANONYMOUS))

    async def _all(self, size: int) -> AsyncIterator[wire.WatchAccountsResponse]:
        last = 0
        while page := await self._accounts.page(last, size):
            yield wire.WatchAccountsResponse(accounts=map(_account, page))
            last = page[-1].device_id
        yield wire.WatchAccountsResponse(complete=True)

    async def _changed(self, ids: Sequence[int]) -> wire.WatchAccountsResponse:
        accounts = await self._accounts.of(ids)
        removed = set(ids) - {account.device_id for account in accounts}
        return wire.WatchAccountsResponse(accounts=map(_account, accounts), removed=sorted(removed))

    async def _named(self, username: str) -> Device | None:
        """The device with this id or name."""
        if not (username.isascii() and username.isdigit()):
            return await self._registry.get_by_name(username)
        if int(username) > LARGEST_ID:
            return None
        return next(iter(await self._registry.get_many([int(username)])), None)


async def _unless_ended(session: Session, watcher: AccountSubscription) -> list[int] | None:
    """What changed next; raises what the session ends with."""
    news = asyncio.create_task(watcher.next())
    try:
        either: set[asyncio.Future[Any]] = {news, session.ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if session.refusal:
            raise session.refusal
        return await news
    finally:
        news.cancel()


def _account(account: Account) -> wire.MqttAccount:
    return wire.MqttAccount(
        device_id=account.device_id,
        name=account.name,
        status=account.status,
        verifier=account.verifier or "",
        old_key_valid_until=timestamp_of(account.old_key_until),
    )


def _result(allowed: bool) -> str:
    return MqttDecision.ALLOW if allowed else MqttDecision.DENY
