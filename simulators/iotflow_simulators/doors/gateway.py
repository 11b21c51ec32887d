"""The door of a gateway: the readings of many devices over one stream."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from iotflow.channels import credentials
from iotflow_simulators.doors.batch_stream import BatchStream
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.gateway_listening import GatewayListening
from iotflow_simulators.doors.grpc_door import GrpcLink, MalformedCalls
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing, Problem

# Seconds in which the readings of a gateway's devices come together.
GATHER = 0.02


class GatewayDoor(DoorWay):
    """A gateway with one stream. token: of the role gateway. following: ids of the devices that follow their configuration.

    The devices execute no commands: the service offers those of all devices to each gateway, and one that took the commands of
    others' devices would keep them from the gateway that reaches these.
    """

    def __init__(self, address: DoorAddress, token: str, following: Collection[int]) -> None:
        super().__init__()
        self._channel = address.channel()
        self._metadata = credentials(token=token)
        self._listening = GatewayListening(self._channel, self._metadata, following, self.tasks)
        self._stream: BatchStream | None = None
        self._is_open = False
        self._links: set[GatewayLink] = set()

    def link(self, login: Login, listener: Listener) -> Link:
        """The gateway knows its devices by id. A device with a key comes without it, and so shows a wrong one."""
        if login.key:
            return GrpcLink(self._channel, login, listener, self.tasks)
        return GatewayLink(self, login, listener, MalformedCalls(self._channel, self._metadata, listener, self.tasks))

    def join(self, link: "GatewayLink") -> None:
        """Open the stream where there is none."""
        self._links.add(link)
        if self._is_open:
            self._opened(link)
        elif self._stream is None:
            self._stream = BatchStream(self._channel, self._metadata, self, self.tasks, GATHER)

    def leave(self, link: "GatewayLink") -> None:
        """The device is gone; the gateway stays."""
        self._links.discard(link)
        self._listening.leave(link)

    def add(self, link: "GatewayLink", outgoing: Outgoing) -> None:
        """Send a reading of a device."""
        if self._stream:
            self._stream.add(link.login.id, link.listener, outgoing)

    def report(self, link: "GatewayLink", configuration: Mapping[str, Any]) -> None:
        """Report the configuration of a device."""
        self._listening.report(link.login.id, configuration)

    async def close(self) -> None:
        """End the streams."""
        if self._stream:
            self._stream.close()
        await super().close()
        await self._channel.close()

    def stream_opened(self) -> None:
        """All devices that wait are connected."""
        self._is_open = True
        for link in list(self._links):
            self._opened(link)

    def stream_lost(self, problem: Problem) -> None:
        """All devices are disconnected. The first one that returns opens the next stream."""
        links, self._links = self._links, set()
        self._stream, self._is_open = None, False
        for link in links:
            self._listening.leave(link)
            link.listener.lost(problem)

    def _opened(self, link: "GatewayLink") -> None:
        link.listener.opened()
        self._listening.join(link)


class GatewayLink(Link):
    """A device behind the gateway."""

    window = 1_000

    def __init__(self, door: GatewayDoor, login: Login, listener: Listener, malformed: MalformedCalls) -> None:
        super().__init__(login, listener)
        self._door = door
        self._malformed = malformed

    def open(self) -> None:
        """Join the gateway's devices."""
        self._door.join(self)

    def send(self, readings: Sequence[Outgoing]) -> None:
        """Readings go into the gateway's next batch."""
        for outgoing in readings:
            if outgoing.payload is not None:
                self._malformed.send(outgoing)
            else:
                self._door.add(self, outgoing)

    def close(self, *, clean: bool) -> None:  # noqa: ARG002
        """Leave the gateway. What it has of the device is still sent."""
        self._malformed.close()
        self._door.leave(self)

    def report(self, configuration: Mapping[str, Any]) -> None:
        """By a call of the gateway."""
        self._door.report(self, configuration)
