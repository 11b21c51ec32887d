"""TokenService: bearer tokens."""

from datetime import timedelta

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import token_pb2, token_service_pb2, token_service_pb2_grpc
from iotflow_server.auth.tokens import AccessToken, Tokens
from iotflow_server.errors import Unauthenticated
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import answer_with
from iotflow_server.rpc.codec.json_bodies import fill, reject_unknown
from iotflow_server.rpc.codec.page_tokens import after_id, first_page, size_of, token_of
from iotflow_server.rpc.codec.wire_values import timestamp_of
from iotflow_server.streams.active_streams import ActiveStreams

wire = token_service_pb2
# The largest number of tokens in one response.
MOST_TOKENS = 1_000


class TokenService(token_service_pb2_grpc.TokenServiceServicer):
    """token_service.proto specifies each RPC."""

    def __init__(self, *, tokens: Tokens, active_streams: ActiveStreams) -> None:
        self._tokens = tokens
        self._active_streams = active_streams

    async def CreateTokenJson(self, request: HttpBody, context: Context) -> wire.CreateTokenResponse:
        return await self.CreateToken(fill(wire.CreateTokenRequest(), request), context)

    async def CreateToken(self, request: wire.CreateTokenRequest, context: Context) -> wire.CreateTokenResponse:
        reject_unknown(request)
        lifetime = timedelta(seconds=request.time_to_live_seconds) if request.time_to_live_seconds else None
        token, secret = await self._tokens.create(
            request.name, request.role, lifetime, actor=principal_of(context).name
        )
        await answer_with(context, 201)
        return wire.CreateTokenResponse(token=_message(token), secret=secret)

    async def ListTokens(self, request: wire.ListTokensRequest, _context: Context) -> wire.ListTokensResponse:
        size = size_of(request, MOST_TOKENS)
        found = await self._tokens.page(after_id(request.page_token), size + 1)
        tokens, more = first_page([_message(token) for token in found], size, lambda last: token_of(last.id))
        return wire.ListTokensResponse(tokens=tokens, next_page_token=more or None)

    async def RevokeToken(self, request: wire.RevokeTokenRequest, context: Context) -> wire.RevokeTokenResponse:
        token = await self._tokens.revoke(request.token_id, actor=principal_of(context).name)
        for stream in self._active_streams.of(f"token:{token.name}"):
            stream.end(Unauthenticated("WRONG_TOKEN", "An admin revoked the token."))
        return wire.RevokeTokenResponse(message=f"Token {token.name} revoked")


def _message(token: AccessToken) -> token_pb2.AccessToken:
    """The token without its secret."""
    return token_pb2.AccessToken(
        id=token.id,
        name=token.name,
        role=token.role,
        created_at=timestamp_of(token.created_at),
        expires_at=timestamp_of(token.expires_at),
    )
