"""StreamDeviceCommands: commands of all devices down, what became of them up."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress

from iotflow.v1 import gateway_service_pb2
from iotflow_server.devices.command import Command
from iotflow_server.devices.commands import Commands
from iotflow_server.devices.offers import LEASE, Offer, Offers
from iotflow_server.devices.presence import Presence
from iotflow_server.errors import InvalidArgument, NotFound, Refusal
from iotflow_server.rpc.answers import Answers
from iotflow_server.rpc.command_stream import check
from iotflow_server.rpc.sessions import Session
from iotflow_server.rpc.wire_devices import command
from iotflow_server.rpc.wire_values import plain_struct

Request = gateway_service_pb2.StreamDeviceCommandsRequest
Answer = Request | gateway_service_pb2.AckDeviceCommandRequest
Response = gateway_service_pb2.StreamDeviceCommandsResponse

# Offered on one stream and not answered.
MOST_OFFERED = 1_000
# What other gateways were silent about, or other processes queued while the line to them was down, is found this late.
LOOK_AGAIN_SECONDS = 10.0


class GatewayAnswers:
    """Notes what gateways say of commands."""

    def __init__(self, commands: Commands, offers: Offers, presence: Presence) -> None:
        self._commands = commands
        self._offers = offers
        self._presence = presence

    async def note(self, answer: Answer) -> Command:
        """The command as it is then. Raises NotFound, FailedPrecondition, InvalidArgument, Unavailable."""
        match answer.state:
            case "delivered":
                return await self._commands.hand_over(answer.device_id, answer.command_id)
            case "unreachable":
                return await self._rest(answer.device_id, answer.command_id)
            case "succeeded" | "failed":
                result = plain_struct(answer.result, "result") if answer.HasField("result") else None
                ended = await self._commands.acknowledge(answer.device_id, answer.command_id, answer.state, result)
                self._presence.seen(answer.device_id)
                return ended
        raise InvalidArgument("state", "one of delivered, succeeded, failed, unreachable")

    async def _rest(self, device_id: int, command_id: int) -> Command:
        found = await self._commands.get(command_id)
        if found.device_id != device_id:
            raise NotFound("COMMAND_NOT_FOUND", f"The device has no command {command_id}.")
        await self._offers.rest(device_id, command_id)
        return found


class GatewayStream:
    """One open StreamDeviceCommands."""

    def __init__(self, commands: Commands, offers: Offers, answers: GatewayAnswers, session: Session) -> None:
        self._news = commands.news
        self._offers = offers
        self._answers = answers
        self._session = session
        self._name = secrets.token_hex(8)
        # By command, until when it is this gateway's.
        self._offered: dict[int, float] = {}
        self._look_at = 0.0

    async def messages(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Response, None]:
        """Commands that are queued and no other gateway's, then others as they are; receipts in between."""
        with self._news.listen(None, lambda told: told.state == "queued") as listener:
            answers = Answers(self._note, listener.wake)
            reader = asyncio.create_task(answers.read(requests), name="gateway stream reader")
            reader.add_done_callback(lambda _: listener.wake())
            self._session.ended.add_done_callback(lambda _: listener.wake())
            try:
                while True:
                    news, missed = listener.take()
                    if news or missed or _now() >= self._look_at:
                        for offer in await self._fresh():
                            yield _offered(offer)
                    for receipt in answers.take():
                        yield Response(receipt=receipt)
                    check(self._session, reader)
                    await listener.wait(self._look_at - _now())
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                # Where it cannot be done, the others wait for the end of its time.
                with suppress(Refusal):
                    await self._offers.release(self._name)

    async def _fresh(self) -> Sequence[Offer]:
        """As many as there is room for."""
        now = _now()
        self._offered = {command_id: until for command_id, until in self._offered.items() if until > now}
        room = MOST_OFFERED - len(self._offered)
        offers = await self._offers.take(self._name, room) if room else []
        self._offered |= dict.fromkeys((offer.command.id for offer in offers), now + LEASE.total_seconds())
        is_full = len(self._offered) >= MOST_OFFERED
        self._look_at = min(self._offered.values()) if is_full else now + LOOK_AGAIN_SECONDS
        return offers

    async def _note(self, answer: Request) -> None:
        try:
            await self._answers.note(answer)
        finally:
            if len(self._offered) >= MOST_OFFERED:
                self._look_at = 0.0
            self._offered.pop(answer.command_id, None)


def _offered(offer: Offer) -> Response:
    return Response(
        command=gateway_service_pb2.DeviceCommand(
            command=command(offer.command), device_name=offer.device_name, device_type=offer.device_type
        )
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
