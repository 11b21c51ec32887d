"""MqttService: requests of MQTT brokers and their adapters. Each RPC calls the handler of its capability."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from iotflow.v1 import mqtt_service_pb2, mqtt_service_pb2_grpc
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.mqtt.adapters import RejectionCounts
from iotflow_server.rpc.mqtt.access import AccessHandler
from iotflow_server.rpc.mqtt.accounts import AccountHandler

wire = mqtt_service_pb2


class MqttService(mqtt_service_pb2_grpc.MqttServiceServicer):
    """mqtt_service.proto specifies each RPC."""

    def __init__(self, *, accounts: AccountHandler, access: AccessHandler, rejections: RejectionCounts) -> None:
        self._accounts = accounts
        self._access = access
        self._rejections = rejections

    async def WatchAccounts(
        self, request: wire.WatchAccountsRequest, context: Context
    ) -> AsyncIterator[wire.WatchAccountsResponse]:
        async with aclosing(self._accounts.watch(request, principal_of(context))) as messages:
            async for message in messages:
                yield message

    async def FindAccount(self, request: wire.FindAccountRequest, _context: Context) -> wire.FindAccountResponse:
        return await self._accounts.find(request)

    async def FindAccounts(self, request: wire.FindAccountsRequest, _context: Context) -> wire.FindAccountsResponse:
        return await self._accounts.find_many(request)

    async def ReportRejections(
        self, request: wire.ReportRejectionsRequest, _context: Context
    ) -> wire.ReportRejectionsResponse:
        self._rejections.add(request.counts)
        return wire.ReportRejectionsResponse()

    async def Authenticate(self, request: wire.AuthenticateRequest, _context: Context) -> wire.AuthenticateResponse:
        return await self._access.authenticate(request)

    async def Authorize(self, request: wire.AuthorizeRequest, _context: Context) -> wire.AuthorizeResponse:
        return await self._access.authorize(request)
