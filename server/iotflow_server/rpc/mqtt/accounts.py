"""WatchAccounts, FindAccount and FindAccounts: the accounts of devices at MQTT brokers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from iotflow.contract import LARGEST_DEVICE_ID
from iotflow.v1 import mqtt_pb2
from iotflow.v1 import mqtt_service_pb2 as wire
from iotflow.v1.stream_pb2 import StreamCaughtUp
from iotflow_server.auth.identities import Identities
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import utc_now
from iotflow_server.devices.keys import DeviceKey
from iotflow_server.errors import NotFound
from iotflow_server.mqtt.accounts import Account, Accounts, AccountSubscription, ChangedAccounts, Usernames
from iotflow_server.mqtt.adapters import AdapterLinks
from iotflow_server.rpc.codec.page_tokens import size_of
from iotflow_server.rpc.codec.wire_values import stream_gap, timestamp_of
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams

DEFAULT_PAGE = 1_000


class AccountHandler:
    """Sends all accounts and their changes, or finds the account of one login."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        identities: Identities,
        usernames: Usernames,
        active_streams: ActiveStreams,
        links: AdapterLinks,
    ) -> None:
        self._accounts = accounts
        self._identities = identities
        self._usernames = usernames
        self._active_streams = active_streams
        self._links = links

    async def watch(
        self, request: wire.WatchAccountsRequest, principal: Principal
    ) -> AsyncGenerator[wire.WatchAccountsResponse]:
        """WatchAccounts."""
        size = size_of(request, DEFAULT_PAGE)
        subscription = self._accounts.subscribe()
        on_exit = ExitStack()
        try:
            async with self._active_streams.open(principal) as active_stream:
                on_exit.enter_context(self._links.watching(principal.name))
                async for page in self._all(size):
                    yield page
                while True:
                    changed = await _unless_ended(active_stream, subscription)
                    if changed is None:
                        yield wire.WatchAccountsResponse(missed=stream_gap())
                        async for page in self._all(size):
                            yield page
                        continue
                    for first in range(0, len(changed.ids), size):
                        yield await self._changed(changed.ids[first : first + size])
                    if changed.imported:
                        async for page in self._between(changed.imported.start, changed.imported.stop, size):
                            yield page
        finally:
            on_exit.close()
            self._accounts.unsubscribe(subscription)

    async def find(self, request: wire.FindAccountRequest) -> wire.FindAccountResponse:
        """FindAccount."""
        by_key = request.WhichOneof("by") == "api_key"
        key = await self._identities.key(request.api_key) if by_key else None
        device = key.device if key else None if by_key else await self._usernames.device(request.username)
        found = await self._accounts.of([device.id]) if device else []
        if not found:
            raise NotFound("DEVICE_NOT_FOUND", f"There is no device with this {'key' if by_key else 'id or name'}.")
        return _found(found[0], key)

    async def find_many(self, request: wire.FindAccountsRequest) -> wire.FindAccountsResponse:
        """FindAccounts."""
        keys = await asyncio.gather(*(self._identities.key(shown) for shown in request.api_keys))
        ids = {key.id for key in keys if key}
        accounts = {account.device_id: account for account in await self._accounts.of(sorted(ids))} if ids else {}
        found = [(accounts.get(key.id) if key else None, key) for key in keys]
        return wire.FindAccountsResponse(
            accounts=[_found(account, key) if account else wire.FindAccountResponse() for account, key in found]
        )

    async def _all(self, size: int) -> AsyncIterator[wire.WatchAccountsResponse]:
        caught_up = StreamCaughtUp(timestamp=timestamp_of(utc_now()))
        async for page in self._between(0, LARGEST_DEVICE_ID + 1, size):
            yield page
        yield wire.WatchAccountsResponse(caught_up=caught_up)

    async def _between(self, first: int, end: int, size: int) -> AsyncIterator[wire.WatchAccountsResponse]:
        """The accounts with ids from first to before end."""
        last = first - 1
        while page := await self._accounts.page(last, size, end - 1):
            yield _changes(page)
            last = page[-1].device_id

    async def _changed(self, ids: Sequence[int]) -> wire.WatchAccountsResponse:
        accounts = await self._accounts.of(ids)
        return _changes(accounts, sorted(set(ids) - {account.device_id for account in accounts}))


async def _unless_ended(active_stream: ActiveStream, subscription: AccountSubscription) -> ChangedAccounts | None:
    """The next changes; None: a gap. Raises the error that ends the stream."""
    changes = asyncio.create_task(subscription.next())
    try:
        either: set[asyncio.Future[Any]] = {changes, active_stream.ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if active_stream.end_error:
            raise active_stream.end_error
        return await changes
    finally:
        changes.cancel()


def _changes(accounts: Iterable[Account], removed: Iterable[int] = ()) -> wire.WatchAccountsResponse:
    changes = mqtt_pb2.MqttAccountChanges(accounts=map(_account, accounts), removed_device_ids=removed)
    return wire.WatchAccountsResponse(changes=changes)


def _found(account: Account, key: DeviceKey | None) -> wire.FindAccountResponse:
    valid_until = timestamp_of(key.until) if key else None
    return wire.FindAccountResponse(account=_account(account), key_valid_until=valid_until)


def _account(account: Account) -> mqtt_pb2.MqttAccount:
    return mqtt_pb2.MqttAccount(
        device_id=account.device_id,
        name=account.name,
        status=account.status,
        verifier=account.verifier or "",
        old_key_valid_until=timestamp_of(account.old_key_until),
    )
