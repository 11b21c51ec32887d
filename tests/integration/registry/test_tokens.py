"""Bearer tokens."""

import asyncio
from datetime import timedelta

import pytest

from iotflow_server import errors
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.auth.tokens import BUILT_IN, Tokens
from iotflow_server.db.database import Database
from tests.integration.registry.parts import SECRET, Parts


async def test_a_token_is_found_by_its_secret(parts: Parts) -> None:
    token, secret = await parts.tokens.create("dashboard", "viewer", None, actor="token:me")
    assert await parts.tokens.by_secret(secret) == token
    assert (token.name, token.role, token.expires_at) == ("dashboard", "viewer", None)
    assert token.created_at == parts.clock.now
    assert await parts.tokens.by_secret("wrong") is None


async def test_a_token_expires(parts: Parts) -> None:
    token, secret = await parts.tokens.create("visitor", "viewer", timedelta(minutes=5), actor="token:me")
    assert token.expires_at == parts.clock.now + timedelta(minutes=5)

    parts.clock.advance(minutes=5, microseconds=-1)
    assert await parts.tokens.by_secret(secret) == token
    parts.clock.advance(microseconds=1)
    assert await parts.tokens.by_secret(secret) is None


async def test_names_are_unique(parts: Parts) -> None:
    await parts.tokens.create("ci", "registrar", None, actor="token:me")
    with pytest.raises(errors.AlreadyExists) as refusal:
        await parts.tokens.create("ci", "gateway", None, actor="token:me")
    assert (refusal.value.reason, refusal.value.field) == ("NAME_TAKEN", "name")


async def test_a_revoked_token_is_void_and_not_listed(parts: Parts) -> None:
    token, secret = await parts.tokens.create("a", "admin", None, actor="token:me")
    other, _ = await parts.tokens.create("b", "gateway", None, actor="token:me")

    assert await parts.tokens.revoke(token.id, actor="token:me") == token

    assert await parts.tokens.by_secret(secret) is None
    assert await parts.tokens.list() == [other]
    with pytest.raises(errors.NotFound) as refusal:
        await parts.tokens.revoke(token.id, actor="token:me")
    assert refusal.value.reason == "TOKEN_NOT_FOUND"


async def test_the_built_in_token_has_the_configured_secret(parts: Parts) -> None:
    await parts.tokens.ensure_builtin("first secret")
    await parts.tokens.ensure_builtin("second secret")

    token = await parts.tokens.by_secret("second secret")
    assert token is not None
    assert (token.name, token.role, token.expires_at) == (BUILT_IN, "admin", None)
    assert await parts.tokens.by_secret("first secret") is None
    assert await parts.tokens.list() == [token]


async def test_the_built_in_token_takes_over_the_secret_of_another(parts: Parts) -> None:
    _, secret = await parts.tokens.create("old", "viewer", None, actor="token:me")
    await parts.tokens.ensure_builtin(secret)
    assert [token.name for token in await parts.tokens.list()] == [BUILT_IN]


async def test_the_built_in_token_cannot_be_revoked_or_created(parts: Parts) -> None:
    await parts.tokens.ensure_builtin("secret")
    token = await parts.tokens.by_secret("secret")
    assert token is not None

    with pytest.raises(errors.FailedPrecondition) as refusal:
        await parts.tokens.revoke(token.id, actor="token:me")
    assert refusal.value.reason == "TOKEN_BUILT_IN"
    assert await parts.tokens.by_secret("secret") == token
    with pytest.raises(errors.AlreadyExists):
        await parts.tokens.create(BUILT_IN, "admin", None, actor="token:me")


async def test_processes_that_start_at_once_agree_on_the_built_in_token(parts: Parts, url: str) -> None:
    others = [Database(url) for _ in range(3)]
    await asyncio.gather(*(Tokens(other, KeyHasher(SECRET)).ensure_builtin("secret") for other in others))
    assert len(await parts.tokens.list()) == 1
    for other in others:
        await other.close()
