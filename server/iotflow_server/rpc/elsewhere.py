"""What other server processes changed, carried through in this one."""

from collections.abc import Sequence

from iotflow_server.devices.accounts import Accounts
from iotflow_server.devices.commands import Commands
from iotflow_server.devices.desired import DesiredConfigs
from iotflow_server.devices.device import Device
from iotflow_server.devices.directory import Directory
from iotflow_server.devices.heard_commands import HeardCommands
from iotflow_server.devices.identities import Identities
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.tokens import Tokens
from iotflow_server.errors import PermissionDenied, Unauthenticated
from iotflow_server.rpc.sessions import Session, Sessions


class Elsewhere:
    """Forgets what is remembered of a changed device or token, then ends the streams of those who are let in no longer.

    The registry tells who they are, so that it does not matter which changes were heard of. Methods raise Unavailable.
    """

    def __init__(
        self,
        identities: Identities,
        directory: Directory,
        registry: Registry,
        tokens: Tokens,
        accounts: Accounts,
        sessions: Sessions,
        commands: Commands,
        heard: HeardCommands,
        desired: DesiredConfigs,
    ) -> None:
        self._identities = identities
        self._directory = directory
        self._registry = registry
        self._tokens = tokens
        self._accounts = accounts
        self._sessions = sessions
        self._commands = commands
        self._heard = heard
        self._desired = desired

    async def device(self, device_id: int) -> None:
        self._identities.forget_device(device_id)
        self._directory.forget(device_id)
        self._accounts.changed(device_id)
        await self._check_devices([session for session in self._sessions if _device(session) == device_id])

    async def token(self, token_id: int) -> None:
        self._identities.forget_token(token_id)
        await self._check_tokens([session for session in self._sessions if session.who.token_id == token_id])

    async def command(self, command_id: int) -> None:
        self._heard.changed(command_id)

    async def desired(self, device_id: int) -> None:
        self._desired.news.hear(await self._desired.get(device_id))

    async def anything(self) -> None:
        self._commands.news.miss()
        self._desired.news.miss()
        self._identities.forget_all()
        self._directory.forget_all()
        self._accounts.anything_changed()
        await self._check_devices([session for session in self._sessions if session.who.device])
        await self._check_tokens([session for session in self._sessions if session.who.token_id])

    async def _check_devices(self, sessions: Sequence[Session]) -> None:
        ids = sorted({_device(session) for session in sessions})
        found = {device.id: device for device in await self._registry.get_many(ids)} if ids else {}
        for session in sessions:
            if refusal := _refusal(found.get(_device(session))):
                session.end(refusal)

    async def _check_tokens(self, sessions: Sequence[Session]) -> None:
        valid = {token.id for token in await self._tokens.list()} if sessions else set()
        for session in sessions:
            if session.who.token_id not in valid:
                session.end(Unauthenticated("WRONG_TOKEN", "the token was revoked"))


def _device(session: Session) -> int:
    """Its id; 0: it is no device's stream."""
    return session.who.device.id if session.who.device else 0


def _refusal(device: Device | None) -> PermissionDenied | None:
    if device is None:
        return PermissionDenied("DEVICE_REMOVED", "the device was removed")
    if device.status == "inactive":
        return PermissionDenied("DEVICE_INACTIVE", "the device was set inactive")
    return None
