"""Times of a connection: since when a packet arrives, and since when the client reads nothing."""

from iotflow_gateway.endpoint.limits import PACKET_SECONDS, SEND_SECONDS
from iotflow_gateway.mqtt import PacketParser


class PacketTime:
    """The time of the packet that is not complete. Times are those of the event loop."""

    def __init__(self) -> None:
        # Start of the packet, or of its body; 0: there is none.
        self._since = 0.0
        self._is_body = False

    def record(self, parser: PacketParser, now: float, *, is_new: bool) -> None:
        """Record what has arrived. is_new: whether the packet that is not complete is another one than before."""
        if is_new or not parser.has_partial_packet:
            self._since, self._is_body = 0.0, False
        is_body = parser.partial_size > 0
        if parser.has_partial_packet and (not self._since or (is_body and not self._is_body)):
            self._since, self._is_body = now, is_body

    def restart(self, now: float) -> None:
        """Record that nothing was read until now."""
        if self._since:
            self._since = now

    def is_over(self, now: float) -> bool:
        """Whether the packet did not arrive in time."""
        return bool(self._since) and now - self._since > PACKET_SECONDS


class SendTime:
    """The time since which the client has read nothing of what is written to it."""

    def __init__(self) -> None:
        self._since = 0.0
        # Bytes that were written, and those of them that had left by then.
        self.written = self._sent = 0

    def is_over(self, unsent: int, now: float) -> bool:
        """Whether the client reads nothing. unsent: bytes that wait in the buffer. Called regularly."""
        sent = self.written - unsent
        if not unsent or sent != self._sent:
            self._sent, self._since = sent, now
        return now - self._since > SEND_SECONDS
