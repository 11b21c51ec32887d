"""What all doors have in common: the connection of one device, and what it reports."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from iotflow_simulators.tasks import OwnedTasks

if TYPE_CHECKING:
    from iotflow_simulators.doors.key_calls import KeyCalls


@dataclass(slots=True, eq=False)
class Outgoing:
    """A reading on its way. number: in the ledger. due: in seconds of the running loop. values: JSON of the object. payload: of a
    malformed reading, which is sent in place of it. fate: in words; empty: not known yet."""

    number: int
    due: float
    time: int
    values: Mapping[str, Any]
    json: bytes
    payload: bytes | None = None
    fate: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """A device. id: at the server. key: the API key that it uses."""

    id: int
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a connection ended or could not be made. is_refusal: the service does not accept the key. retry_after: seconds."""

    reason: str
    message: str = ""
    is_refusal: bool = False
    retry_after: float | None = None


class Listener(Protocol):
    """Takes what a link reports. Nothing is called after the link is closed."""

    def opened(self) -> None:
        """The link accepts readings."""

    def acknowledged(self, outgoing: Outgoing) -> None:
        """The service has stored the reading, except for values that were refused before."""

    def refused(self, outgoing: Outgoing, reason: str, measurement: str, message: str) -> None:
        """The service refused the reading, or one value of it. After this, a whole reading is not acknowledged."""

    def refused_number(self, number: int, reason: str, measurement: str, message: str) -> None:
        """As refused(), for a reading that may have been acknowledged before, by its number in the ledger."""

    def lost(self, problem: Problem) -> None:
        """The connection ended. What was sent and not reported may be stored or not."""

    def command(self, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        """The service sent a command."""

    def configured(self, desired: Mapping[str, Any]) -> None:
        """The service sent a desired configuration."""


class Link(ABC):
    """A connection of one device. It is opened once, and closed or lost once."""

    # The most readings that are sent and not yet reported.
    window = 16

    def __init__(self, login: Login, listener: Listener) -> None:
        self.login = login
        self.listener = listener

    @abstractmethod
    def open(self) -> None:
        """Begin to connect. The listener gets the result."""

    @abstractmethod
    def send(self, readings: Sequence[Outgoing]) -> None:
        """Send readings, at most as many as the window has room for. The listener gets the fate of each."""

    @abstractmethod
    def close(self, *, clean: bool) -> None:
        """End the connection at once. clean: with a goodbye."""

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:  # noqa: B027
        """Report the result of a command."""

    def report(self, configuration: Mapping[str, Any]) -> None:  # noqa: B027
        """Report the configuration that is in force."""


class DoorWay(ABC):
    """Makes the links of one door. key_calls: how its devices replace their keys; None: they use none. tasks: of its links."""

    key_calls: "KeyCalls | None" = None

    def __init__(self) -> None:
        self.tasks = OwnedTasks()

    @abstractmethod
    def link(self, login: Login, listener: Listener) -> Link:
        """A link that is not open yet."""

    async def close(self) -> None:
        """Wait for the tasks of the links, which are closed, and release what they share."""
        await self.tasks.close()
        if self.key_calls:
            await self.key_calls.close()


def json_reading(outgoing: Outgoing) -> bytes:
    """The payload of a reading at the doors of JSON."""
    if outgoing.payload is not None:
        return outgoing.payload
    return b'{"data":%b,"timestamp":%d}' % (outgoing.json, outgoing.time)
