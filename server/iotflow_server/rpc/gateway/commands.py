"""StreamDeviceCommands and AckDeviceCommand: delivery of commands through a gateway, and their results."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial

from iotflow.v1 import command_pb2, gateway_service_pb2
from iotflow.words import CommandState, GatewayReport
from iotflow_server.auth.principal import Principal
from iotflow_server.commands.command import OUTCOMES, Command, CommandResult
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.leases import LEASE, CommandLease, CommandLeases
from iotflow_server.errors import DomainError
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.commands.acknowledgements import CommandAcknowledgements
from iotflow_server.rpc.commands.messages import decode_report, encode_command, result_of
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.streams.change_feed import PolledChanges

Request = gateway_service_pb2.StreamDeviceCommandsRequest
Response = gateway_service_pb2.StreamDeviceCommandsResponse

# Commands of one stream that are leased and not yet acknowledged.
MOST_LEASED = 1_000
# More commands are leased only up to this number, because each attempt costs a transaction.
REFILL_AT = MOST_LEASED // 2
# The interval of database reads, which bounds the delay of commands whose leases to other gateways have expired.
LEASE_POLL_SECONDS = 10.0


class ResultRecorder:
    """Records the results that gateways report for commands."""

    def __init__(self, commands: Commands, last_seen: LastSeen) -> None:
        self._commands = commands
        self._last_seen = last_seen

    async def record(self, request: gateway_service_pb2.AckDeviceCommandRequest) -> Command:
        """Record one result; return the changed command. Raises NotFound, FailedPrecondition, InvalidArgument, Unavailable."""
        result = await decode_report(request, _decode)
        if request.group_command and not request.command_id:
            result = replace(result, command_id=await self._commands.of_group(request.device_id, request.group_command))
        (outcome,) = await self.record_results([result])
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def record_results(self, results: Sequence[CommandResult]) -> Sequence[Command | DomainError]:
        """Record results; return each changed command, or the error of a rejected result. Raises Unavailable."""
        outcomes = await self._commands.record_results(results)
        for result, outcome in zip(results, outcomes, strict=True):
            if result.state in OUTCOMES and isinstance(outcome, Command):
                self._last_seen.record(result.device_id)
        return outcomes


def _decode(request: Request | gateway_service_pb2.AckDeviceCommandRequest) -> CommandResult:
    """The result in an acknowledgement. Raises InvalidArgument."""
    return CommandResult(request.device_id, request.command_id, request.state, result_of(request))


class GatewayCommandHandler:
    """StreamDeviceCommands and AckDeviceCommand."""

    def __init__(
        self, *, commands: Commands, leases: CommandLeases, last_seen: LastSeen, active_streams: ActiveStreams
    ) -> None:
        self._commands = commands
        self._leases = leases
        self._recorder = ResultRecorder(commands, last_seen)
        self._active_streams = active_streams

    async def stream(self, requests: AsyncIterator[Request], principal: Principal) -> AsyncGenerator[Response]:
        """StreamDeviceCommands."""
        async with self._active_streams.open(principal) as active_stream:
            stream = GatewayStream(self._commands, self._leases, self._recorder, active_stream)
            async with aclosing(stream.messages(requests)) as messages:
                async for message in messages:
                    yield message

    async def acknowledge(
        self, request: gateway_service_pb2.AckDeviceCommandRequest
    ) -> gateway_service_pb2.AckDeviceCommandResponse:
        """AckDeviceCommand."""
        changed = await self._recorder.record(request)
        return gateway_service_pb2.AckDeviceCommandResponse(message="Acknowledged", command=encode_command(changed))


class GatewayStream:
    """One open StreamDeviceCommands."""

    def __init__(
        self, commands: Commands, leases: CommandLeases, recorder: ResultRecorder, active_stream: ActiveStream
    ) -> None:
        self._commands = commands
        self._leases = leases
        self._recorder = recorder
        self._active_stream = active_stream
        self._name = secrets.token_hex(8)
        # By command: the end of its lease.
        self._lease_ends: dict[int, float] = {}
        # Commands that were sent to this gateway for publication to their group topics.
        self._announced: set[int] = set()

    async def messages(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Response, None]:
        """Send queued commands that no other gateway has leased, then new ones, and receipts of acknowledgements."""
        with self._commands.changes.subscribe(None, lambda change: change.state == CommandState.QUEUED) as subscription:
            polled = PolledChanges(subscription, self._active_stream, LEASE_POLL_SECONDS)
            acknowledgements = CommandAcknowledgements(_decode, partial(self._record, polled), subscription.wake)
            try:
                async with acknowledgements.receiving(requests):
                    while True:
                        changes, is_due = await polled.next()
                        if changes or is_due:
                            for lease in await self._next_commands():
                                yield _message(lease)
                        for receipt in acknowledgements.take_receipts():
                            yield Response(receipt=receipt)
            finally:
                # If this fails, the leases expire.
                with suppress(DomainError):
                    await self._leases.release(self._name)

    async def _next_commands(self) -> Sequence[CommandLease]:
        """New announcements, and leases for as many commands as there is room for."""
        now = _now()
        self._lease_ends = {command_id: until for command_id, until in self._lease_ends.items() if until > now}
        has_room = len(self._lease_ends) <= REFILL_AT
        leases = await self._leases.take(self._name, MOST_LEASED - len(self._lease_ends)) if has_room else []
        pending = await self._leases.announcements()
        announcements = [one for one in pending if one.command.id not in self._announced]
        self._announced = {one.command.id for one in pending}
        self._lease_ends |= dict.fromkeys((lease.command.id for lease in leases), now + LEASE.total_seconds())
        return [*announcements, *leases]

    async def _record(
        self, polled: PolledChanges[Command], results: Sequence[CommandResult]
    ) -> Sequence[Command | DomainError]:
        try:
            named = [replace(one, gateway=self._name) for one in results]
            outcomes = await self._recorder.record_results(named)
            # After the write: a device that reconnects during the write finds no command to release.
            reconnected = {
                one.device_id
                for one in results
                if one.state == GatewayReport.UNREACHABLE and self._has_reconnected(one)
            }
            if reconnected:
                await self._leases.release_for(reconnected)
            return outcomes
        finally:
            was_full = len(self._lease_ends) > REFILL_AT
            for result in results:
                self._lease_ends.pop(result.command_id, None)
            if was_full and len(self._lease_ends) <= REFILL_AT:
                polled.read_next()

    def _has_reconnected(self, result: CommandResult) -> bool:
        """Whether the device reconnected after the command was leased."""
        until = self._lease_ends.get(result.command_id)
        return until is not None and self._leases.has_reconnected(result.device_id, until - LEASE.total_seconds())


def _message(lease: CommandLease) -> Response:
    return Response(
        command=command_pb2.DeviceCommand(
            command=encode_command(lease.command),
            device_name=lease.device_name,
            device_type=lease.device_type,
            announce=lease.announced,
        )
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
