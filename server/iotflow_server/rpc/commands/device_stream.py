"""StreamCommands: a device's commands down, what became of them up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from iotflow.v1 import device_service_pb2
from iotflow.words import CommandState
from iotflow_server.commands.command import OUTCOMES, Command, CommandResult
from iotflow_server.commands.commands import Commands
from iotflow_server.errors import DomainError, InvalidArgument
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.wire_commands import command
from iotflow_server.rpc.commands.acknowledgements import CommandAcknowledgements
from iotflow_server.rpc.commands.results import result_of
from iotflow_server.rpc.streams.sessions import Session

Request = device_service_pb2.StreamCommandsRequest
Response = device_service_pb2.StreamCommandsResponse

# Where another process queues a command and the line to it is down, this is how late it may come.
LOOK_AGAIN_SECONDS = 30.0


class CommandStream:
    """One open StreamCommands."""

    def __init__(self, device_id: int, commands: Commands, last_seen: LastSeen, session: Session) -> None:
        self._device_id = device_id
        self._commands = commands
        self._last_seen = last_seen
        self._session = session
        self._sent: set[int] = set()

    async def messages(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Response, None]:
        """Commands that are open, then others as they are queued; receipts in between."""
        with self._commands.changes.subscribe(
            self._device_id, lambda told: told.state == CommandState.QUEUED
        ) as listener:
            self._session.ended.add_done_callback(lambda _: listener.wake())
            answers = CommandAcknowledgements(self._decode, self._note, listener.wake)
            async with answers.coming(requests):
                look_at = 0.0
                while True:
                    news, missed = listener.take()
                    if news or missed or _now() >= look_at:
                        for item in await self._fresh():
                            yield Response(command=command(item))
                        look_at = _now() + LOOK_AGAIN_SECONDS
                    for receipt in answers.take():
                        yield Response(receipt=receipt)
                    if self._session.refusal:
                        raise self._session.refusal
                    await listener.wait(look_at - _now())

    async def _fresh(self) -> list[Command]:
        """Those that have not gone down this stream."""
        waiting = await self._commands.deliver(self._device_id)
        fresh = [item for item in waiting if item.id not in self._sent]
        self._sent = {item.id for item in waiting}
        return fresh

    def _decode(self, answer: Request) -> CommandResult:
        if answer.state not in OUTCOMES:
            raise InvalidArgument("state", "one of succeeded, failed")
        return CommandResult(self._device_id, answer.command_id, answer.state, result_of(answer))

    async def _note(self, answers: Sequence[CommandResult]) -> Sequence[Command | DomainError]:
        self._last_seen.record(self._device_id)
        return await self._commands.record_results(answers)


def _now() -> float:
    return asyncio.get_running_loop().time()
