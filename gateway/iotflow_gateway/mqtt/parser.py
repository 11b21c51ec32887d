"""Divides a stream of bytes into packets."""

from collections.abc import Mapping
from functools import lru_cache

from iotflow_gateway.mqtt.connect import Connect
from iotflow_gateway.mqtt.data_types import VARINT_BYTES
from iotflow_gateway.mqtt.packet_types import PacketType, Version, may_begin
from iotflow_gateway.mqtt.packets import Packet, decode_packet
from iotflow_gateway.mqtt.publish import PublishDecoder, decode_publish
from iotflow_gateway.mqtt.reason_codes import MalformedPacket, ReasonCode

_FORBIDDEN = -1
_PUBLISH = int(PacketType.PUBLISH)


class PacketParser:
    """largest: the size of the body that a packet may have, by type; a type that is not there is an error. version: of the protocol;
    None: CONNECT is the first packet, and states it. decode_message: decodes PUBLISH.

    error: set when the stream violates the protocol or a limit; nothing after that is read.
    """

    def __init__(
        self,
        largest: Mapping[PacketType, int],
        version: Version | None = None,
        *,
        decode_message: PublishDecoder = decode_publish,
    ) -> None:
        self._largest = largest
        self._decode_message = decode_message
        self._limits = _limits(tuple(largest.items()), version)
        self.version = version
        self.error: MalformedPacket | None = None
        # The beginning of a packet, in parts as they arrived, and their size.
        self._parts: list[bytes] = []
        self._size = 0
        # The size of the packet that is not complete, with its header; 0: not known yet, or there is none.
        self._needed = 0

    @property
    def has_partial_packet(self) -> bool:
        """Whether the last bytes are the beginning of a packet."""
        return bool(self._parts)

    @property
    def partial_size(self) -> int:
        """The size of the packet that is not complete; 0: its header is not complete either, or there is none."""
        return self._needed

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are complete with these bytes. Packets before an error are among them."""
        if self.error:
            return []
        if self._parts:
            self._parts.append(data)
            self._size += len(data)
            if self._size < self._needed:
                return []
            data = b"".join(self._parts)
            self._parts.clear()
            self._needed = 0
        packets: list[Packet] = []
        try:
            at = self._parse(data, packets)
        except MalformedPacket as error:
            self.error = error
            return packets
        if at < len(data):
            self._parts.append(data[at:])
            self._size = len(data) - at
        return packets

    def _parse(self, data: bytes, packets: list[Packet]) -> int:
        """Append the packets; the position of the first byte that belongs to none."""
        at, end, limits = 0, len(data), self._limits
        while at + 1 < end:
            first, size, start = data[at], data[at + 1], at + 2
            if size > 0x7F:
                size, start = self._long_size(data, at)
                if not start:
                    break
            if size > limits[first]:
                raise self._rejected(first, size)
            stop = start + size
            if stop > end:
                self._needed = stop - at
                break
            if first >> 4 == _PUBLISH and self.version:
                packets.append(self._decode_message(first, data, start, stop, self.version))
            else:
                packets.append(self._decode(first, data[start:stop]))
                limits = self._limits
            at = stop
        else:
            if at < end and limits[data[at]] == _FORBIDDEN:
                raise self._rejected(data[at], 0)
        return at

    def _long_size(self, data: bytes, at: int) -> tuple[int, int]:
        """The size of a body with 128 bytes or more, and where it starts; 0, 0: the header is not complete (2.1.4)."""
        if self._limits[data[at]] == _FORBIDDEN:
            raise self._rejected(data[at], 0)
        size = 0
        for place in range(VARINT_BYTES):
            if at + 1 + place == len(data):
                return 0, 0
            digit = data[at + 1 + place]
            size |= (digit & 0x7F) << 7 * place
            if digit < 0x80:
                if not digit and self.version is Version.V5:
                    raise MalformedPacket("the size of a packet has more bytes than it needs")
                return size, at + 2 + place
        raise MalformedPacket(f"the size of a packet has more than {VARINT_BYTES} bytes")

    def _decode(self, first: int, content: bytes) -> Packet:
        packet = decode_packet(PacketType(first >> 4), content, self.version or Version.V3_1_1)
        if isinstance(packet, Connect):
            if self.version:
                raise MalformedPacket("a second CONNECT on one connection", ReasonCode.PROTOCOL_ERROR)
            self.version = packet.version
            self._limits = _limits(tuple(self._largest.items()), packet.version)
        return packet

    def _rejected(self, first: int, size: int) -> MalformedPacket:
        """The error of a packet with this first byte and size."""
        limit = self._limits[first]
        if limit == _FORBIDDEN:
            problem = "is not allowed" if self.version else "is not the CONNECT with which a connection begins"
            return MalformedPacket(f"a packet with the first byte 0x{first:02X} {problem}", ReasonCode.PROTOCOL_ERROR)
        name = PacketType(first >> 4).name
        return MalformedPacket(f"{name} of {size} bytes: the limit is {limit}", ReasonCode.PACKET_TOO_LARGE)


@lru_cache(64)
def _limits(largest: tuple[tuple[PacketType, int], ...], version: Version | None) -> tuple[int, ...]:
    """The size that a packet may have, by its first byte. Before CONNECT, no other packet may begin."""
    sizes = {int(key): size for key, size in largest if version or key is PacketType.CONNECT}
    return tuple(sizes.get(first >> 4, _FORBIDDEN) if may_begin(first, version) else _FORBIDDEN for first in range(256))
