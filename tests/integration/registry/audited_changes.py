"""One example of each audited change, and the content of the registry."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from iotflow_server.db.models import AuditRow, Base, CommandRow, DesiredRow, DeviceRow, ImportRow, TokenRow
from iotflow_server.devices.device import DeviceChanges, NewDevice
from iotflow_server.devices.keys import DeviceKey
from tests.integration.registry.parts import Parts

ACTOR = "token:me"
IMPORT = "11111111-2222-4333-8444-555555555555"
MINUTE = timedelta(minutes=1)
HELD: tuple[type[Base], ...] = (DeviceRow, TokenRow, CommandRow, DesiredRow, AuditRow, ImportRow)

# Arguments of a change: the parts, a device and its key, a command of the device, a token.
Act = Callable[[Parts, DeviceKey, int, int], Awaitable[Any]]

ACTS: dict[str, Act] = {
    "device.register": lambda parts, *_: parts.registry.register(NewDevice("new"), actor=ACTOR),
    "device.import": lambda parts, *_: parts.imports.open(ACTOR).register(IMPORT, [(0, NewDevice("imported"))]),
    "device.update": lambda parts, key, *_: parts.registry.update(key.id, DeviceChanges(location="roof"), actor=ACTOR),
    "device.status": lambda parts, key, *_: parts.registry.set_status(key.id, "inactive", actor=ACTOR),
    "device.delete": lambda parts, key, *_: parts.registry.delete(key.id, actor=ACTOR),
    "device.unregister": lambda parts, key, *_: parts.keys.unregister(key),
    "device.rotate_key": lambda parts, key, *_: parts.keys.rotate(key),
    "device.end_key_grace": lambda parts, key, *_: parts.keys.end_grace(key),
    "device.reset_key": lambda parts, key, *_: parts.keys.reset(key.id, MINUTE, actor=ACTOR),
    "command.send": lambda parts, key, *_: parts.commands.send(key.id, "blink", {}, None, "", actor=ACTOR),
    "command.send_to_group": lambda parts, *_: parts.commands.send_to_group(
        "sensor", "blink", {}, None, "", actor=ACTOR
    ),
    "command.cancel": lambda parts, _, command, __: parts.commands.cancel(command, actor=ACTOR),
    "config.set": lambda parts, key, *_: parts.desired.set(key.id, {"a": 1}, None, ACTOR),
    "config.patch": lambda parts, key, *_: parts.desired.patch(key.id, {"b": 2}, None, ACTOR),
    "token.create": lambda parts, *_: parts.tokens.create("new", "viewer", None, actor=ACTOR),
    "token.revoke": lambda parts, _, __, token: parts.tokens.revoke(token, actor=ACTOR),
}


class Stage:
    """A device with a key and a command, and a token: the targets of the changes."""

    def __init__(self, parts: Parts, key: DeviceKey, command: int, token: int) -> None:
        self.parts = parts
        self.key = key
        self._command = command
        self._token = token

    def act(self, action: str) -> Awaitable[Any]:
        return ACTS[action](self.parts, self.key, self._command, self._token)

    async def held(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the registry."""
        return await self.parts.database.read(_rows)


async def staged(parts: Parts) -> Stage:
    device, first = await parts.registry.register(NewDevice("thermometer"), actor=ACTOR)
    key = await shown(parts, first)
    # The previous key is in its grace period.
    key = await shown(parts, (await parts.keys.rotate(key))[0])
    command = await parts.commands.send(device.id, "open", {}, None, "", actor=ACTOR)
    token, _ = await parts.tokens.create("dashboard", "viewer", None, actor=ACTOR)
    return Stage(parts, key, command.id, token.id)


async def shown(parts: Parts, key: str) -> DeviceKey:
    found = await parts.keys.find(key)
    assert found is not None
    return found


def _rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        held.__tablename__: [
            tuple(row) for row in connection.execute(select(held.__table__).order_by(*held.__table__.primary_key))
        ]
        for held in HELD
    }
