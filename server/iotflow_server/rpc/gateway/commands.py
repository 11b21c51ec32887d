"""StreamDeviceCommands: commands of all devices down, what became of them up."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from iotflow.v1 import gateway_service_pb2
from iotflow.words import CommandState, GatewayReport
from iotflow_server.auth.principal import Principal
from iotflow_server.commands.command import OUTCOMES, Command, CommandResult
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.leases import LEASE, CommandLease, CommandLeases
from iotflow_server.errors import DomainError, InvalidArgument
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.wire_commands import command
from iotflow_server.rpc.commands.acknowledgements import CommandAcknowledgements
from iotflow_server.rpc.commands.results import decoded_answer, result_of
from iotflow_server.rpc.streams.sessions import Session, Sessions

Request = gateway_service_pb2.StreamDeviceCommandsRequest
Response = gateway_service_pb2.StreamDeviceCommandsResponse

WORDS = tuple(GatewayReport)
# Offered on one stream and not answered.
MOST_OFFERED = 1_000
# Only with so few is it looked for more: each time costs a transaction.
ENOUGH = MOST_OFFERED // 2
# What other gateways were silent about, or other processes queued while the line to them was down, is found this late.
LOOK_AGAIN_SECONDS = 10.0


class GatewayAnswers:
    """Notes what gateways say of commands."""

    def __init__(self, commands: Commands, last_seen: LastSeen) -> None:
        self._commands = commands
        self._last_seen = last_seen

    async def one(self, request: gateway_service_pb2.AckDeviceCommandRequest) -> Command:
        """The command as it is then. Raises NotFound, FailedPrecondition, InvalidArgument, Unavailable."""
        answer = await decoded_answer(request, decoded)
        if request.group_command and not request.command_id:
            answer = replace(answer, command_id=await self._commands.of_group(request.device_id, request.group_command))
        (outcome,) = await self.record_results([answer])
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def record_results(self, answers: Sequence[CommandResult]) -> Sequence[Command | DomainError]:
        """Each command as it is then, or why the answer was refused. Raises Unavailable."""
        outcomes = await self._commands.record_results(answers)
        for answer, outcome in zip(answers, outcomes, strict=True):
            if answer.state in OUTCOMES and isinstance(outcome, Command):
                self._last_seen.record(answer.device_id)
        return outcomes


def decoded(answer: Request | gateway_service_pb2.AckDeviceCommandRequest) -> CommandResult:
    """Raises InvalidArgument."""
    if answer.state not in WORDS:
        raise InvalidArgument("state", f"one of {', '.join(WORDS)}")
    return CommandResult(answer.device_id, answer.command_id, answer.state, result_of(answer))


class GatewayCommandHandler:
    """StreamDeviceCommands and AckDeviceCommand."""

    def __init__(self, *, commands: Commands, leases: CommandLeases, last_seen: LastSeen, sessions: Sessions) -> None:
        self._commands = commands
        self._leases = leases
        self._answers = GatewayAnswers(commands, last_seen)
        self._sessions = sessions

    async def stream(self, requests: AsyncIterator[Request], principal: Principal) -> AsyncGenerator[Response]:
        """StreamDeviceCommands."""
        async with self._sessions.open(principal) as session:
            stream = GatewayStream(self._commands, self._leases, self._answers, session)
            async with aclosing(stream.messages(requests)) as messages:
                async for message in messages:
                    yield message

    async def acknowledge(
        self, request: gateway_service_pb2.AckDeviceCommandRequest
    ) -> gateway_service_pb2.AckDeviceCommandResponse:
        """AckDeviceCommand."""
        noted = await self._answers.one(request)
        return gateway_service_pb2.AckDeviceCommandResponse(message="Acknowledged", command=command(noted))


class GatewayStream:
    """One open StreamDeviceCommands."""

    def __init__(self, commands: Commands, offers: CommandLeases, answers: GatewayAnswers, session: Session) -> None:
        self._changes = commands.changes
        self._offers = offers
        self._answers = answers
        self._session = session
        self._name = secrets.token_hex(8)
        # By command, until when it is this gateway's.
        self._offered: dict[int, float] = {}
        # Commands that this gateway was asked to announce.
        self._announced: set[int] = set()
        self._look_at = 0.0

    async def messages(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Response, None]:
        """Commands that are queued and no other gateway's, then others as they are; receipts in between."""
        with self._changes.subscribe(None, lambda told: told.state == CommandState.QUEUED) as listener:
            self._session.ended.add_done_callback(lambda _: listener.wake())
            answers = CommandAcknowledgements(decoded, self._note, listener.wake)
            try:
                async with answers.coming(requests):
                    while True:
                        news, missed = listener.take()
                        if news or missed or _now() >= self._look_at:
                            for offer in await self._fresh():
                                yield _offered(offer)
                        for receipt in answers.take():
                            yield Response(receipt=receipt)
                        if self._session.refusal:
                            raise self._session.refusal
                        await listener.wait(self._look_at - _now())
            finally:
                # Where it cannot be done, the others wait for the end of its time.
                with suppress(DomainError):
                    await self._offers.release(self._name)

    async def _fresh(self) -> Sequence[CommandLease]:
        """As many as there is room for."""
        now = _now()
        self._offered = {command_id: until for command_id, until in self._offered.items() if until > now}
        has_room = len(self._offered) <= ENOUGH
        offers = await self._offers.take(self._name, MOST_OFFERED - len(self._offered)) if has_room else []
        pending = await self._offers.announcements()
        announcements = [one for one in pending if one.command.id not in self._announced]
        self._announced = {one.command.id for one in pending}
        self._offered |= dict.fromkeys((offer.command.id for offer in offers), now + LEASE.total_seconds())
        self._look_at = now + LOOK_AGAIN_SECONDS
        return [*announcements, *offers]

    async def _note(self, answers: Sequence[CommandResult]) -> Sequence[Command | DomainError]:
        try:
            outcomes = await self._answers.record_results(answers)
            # Only now: a device that comes back while this is written finds nothing to release.
            gone = {one.device_id for one in answers if one.state == GatewayReport.UNREACHABLE and self._is_stale(one)}
            if gone:
                await self._offers.release_for(gone)
            return outcomes
        finally:
            was_enough = len(self._offered) > ENOUGH
            for answer in answers:
                self._offered.pop(answer.command_id, None)
            if was_enough and len(self._offered) <= ENOUGH:
                self._look_at = 0.0

    def _is_stale(self, answer: CommandResult) -> bool:
        """Whether the device came back after the command was offered."""
        until = self._offered.get(answer.command_id)
        return until is not None and self._offers.has_reconnected(answer.device_id, until - LEASE.total_seconds())


def _offered(offer: CommandLease) -> Response:
    return Response(
        command=gateway_service_pb2.DeviceCommand(
            command=command(offer.command),
            device_name=offer.device_name,
            device_type=offer.device_type,
            announce=offer.announced,
        )
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
