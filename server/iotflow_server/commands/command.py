"""A command and its state."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from iotflow.words import CommandOutcome, CommandState
from iotflow_server.db.models import CommandRow

OPEN = (CommandState.QUEUED, CommandState.DELIVERED)
OUTCOMES = tuple(CommandOutcome)
# States that the result of a device replaces, if the command was delivered before.
OVERRULED = (CommandState.EXPIRED, CommandState.CANCELLED)

# In the order of Command's fields.
COMMAND_COLUMNS = (
    CommandRow.id,
    CommandRow.device_id,
    CommandRow.name,
    CommandRow.parameters,
    CommandRow.state,
    CommandRow.created_at,
    CommandRow.delivered_at,
    CommandRow.finished_at,
    CommandRow.expires_at,
    CommandRow.result,
    CommandRow.group_command,
)


@dataclass(frozen=True, slots=True)
class Command:
    """state: queued, delivered, succeeded, failed, expired or cancelled. Times are aware, in UTC. group_command: the common
    id of commands that were sent to a group at once."""

    id: int
    device_id: int
    name: str
    parameters: dict[str, Any]
    state: str
    created_at: datetime
    delivered_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    result: dict[str, Any] | None
    group_command: str | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class NewCommand:
    """actor: the sender, as named in the audit log. expires_at: aware; None: never. idempotency_key: may be empty. announced:
    whether gateways also publish the command to the group topic."""

    actor: str
    name: str
    parameters: dict[str, Any]
    expires_at: datetime | None = None
    idempotency_key: str = ""
    announced: bool = False


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A report on a command. state: delivered, succeeded, failed; unreachable: the device has no session; announced: published to
    the group topic. result: the response of the device. gateway: the open stream of the report; empty: none."""

    device_id: int
    command_id: int
    state: str
    result: dict[str, Any] | None = None
    gateway: str = ""


def commands_of(rows: Iterable[Any]) -> list[Command]:
    return [Command(*row) for row in rows]
