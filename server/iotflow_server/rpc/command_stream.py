"""StreamCommands: a device's commands down, what became of them up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from iotflow.v1 import device_service_pb2
from iotflow_server.devices.command import Command
from iotflow_server.devices.commands import Commands
from iotflow_server.devices.presence import Presence
from iotflow_server.rpc.answers import Answers
from iotflow_server.rpc.sessions import Session
from iotflow_server.rpc.wire_devices import command
from iotflow_server.rpc.wire_values import plain_struct

Request = device_service_pb2.StreamCommandsRequest
Response = device_service_pb2.StreamCommandsResponse

# Where another process queues a command and the line to it is down, this is how late it may come.
LOOK_AGAIN_SECONDS = 30.0


class CommandStream:
    """One open StreamCommands."""

    def __init__(self, device_id: int, commands: Commands, presence: Presence, session: Session) -> None:
        self._device_id = device_id
        self._commands = commands
        self._presence = presence
        self._session = session
        self._sent: set[int] = set()

    async def messages(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Response, None]:
        """Commands that are open, then others as they are queued; receipts in between."""
        with self._commands.news.listen(self._device_id, lambda told: told.state == "queued") as listener:
            answers = Answers(self._end, listener.wake)
            reader = asyncio.create_task(answers.read(requests), name="command stream reader")
            reader.add_done_callback(lambda _: listener.wake())
            self._session.ended.add_done_callback(lambda _: listener.wake())
            try:
                look_at = 0.0
                while True:
                    news, missed = listener.take()
                    if news or missed or _now() >= look_at:
                        for item in await self._fresh():
                            yield Response(command=command(item))
                        look_at = _now() + LOOK_AGAIN_SECONDS
                    for receipt in answers.take():
                        yield Response(receipt=receipt)
                    check(self._session, reader)
                    await listener.wait(look_at - _now())
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _fresh(self) -> list[Command]:
        """Those that have not gone down this stream."""
        waiting = await self._commands.deliver(self._device_id)
        fresh = [item for item in waiting if item.id not in self._sent]
        self._sent = {item.id for item in waiting}
        return fresh

    async def _end(self, answer: Request) -> None:
        self._presence.seen(self._device_id)
        result = plain_struct(answer.result, "result") if answer.HasField("result") else None
        await self._commands.acknowledge(self._device_id, answer.command_id, answer.state, result)


def check(session: Session, reader: "asyncio.Task[None]") -> None:
    """Raise why the stream is to end. A caller that says no more goes on listening."""
    if session.refusal:
        raise session.refusal
    if reader.done() and not reader.cancelled() and (error := reader.exception()):
        raise error


def _now() -> float:
    return asyncio.get_running_loop().time()
