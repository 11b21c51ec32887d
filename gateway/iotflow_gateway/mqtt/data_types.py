"""Data representations (1.5): integers, variable byte integers, strings and binary data."""

from functools import lru_cache

from iotflow_gateway.mqtt.reason_codes import MalformedPacket

# Largest number of bytes of a variable byte integer, and the largest number (1.5.5).
VARINT_BYTES, LARGEST_VARINT = 4, 268_435_455
LONGEST_STRING = 65_535
# Topics up to this length are checked once and remembered, so that the memory is bounded: about 20 MB.
_REMEMBERED_BYTES, _REMEMBERED = 128, 65_536


def varint(number: int) -> bytes:
    """A variable byte integer (1.5.5)."""
    if number < 0x80:
        return bytes((number,))
    if not number <= LARGEST_VARINT:
        raise MalformedPacket(f"a size of {number}: the limit is {LARGEST_VARINT}")
    digits = bytearray()
    while True:
        number, digit = number >> 7, number & 0x7F
        digits.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(digits)


def string(text: str) -> bytes:
    """A UTF-8 string with its size before it (1.5.4). Raises MalformedPacket if MQTT has no such string."""
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise MalformedPacket("a string has a surrogate") from None
    if b"\0" in content:
        raise MalformedPacket("a string has a null character")
    return binary(content)


def binary(content: bytes) -> bytes:
    """Bytes with their number before them (1.5.6). Raises MalformedPacket if there are too many."""
    size = len(content)
    if size > LONGEST_STRING:
        raise MalformedPacket(f"a string of {size} bytes: the limit is {LONGEST_STRING}")
    return size.to_bytes(2, "big") + content


def text(content: bytes) -> str:
    """The text of a UTF-8 string: no surrogates, no null character [MQTT-1.5.4-1, MQTT-1.5.4-2]. A byte order mark stays."""
    try:
        decoded = content.decode()
    except UnicodeDecodeError:
        raise MalformedPacket("a string is not UTF-8") from None
    if "\0" in decoded:
        raise MalformedPacket("a string has a null character")
    return decoded


def topic_name(content: bytes) -> str:
    """The name of a topic to which a message is published (4.7): no wildcards; not empty [MQTT-4.7.3-1]."""
    return _remembered(content) if len(content) <= _REMEMBERED_BYTES else _topic_name(content)


def _topic_name(content: bytes) -> str:
    topic = text(content)
    if not topic or "+" in topic or "#" in topic:
        raise MalformedPacket(f"a message cannot be published to the topic {topic:.200}")
    return topic


_remembered = lru_cache(_REMEMBERED)(_topic_name)


def topic_filter(content: bytes) -> str:
    """The filter of a subscription: a wildcard is a whole level, and # is the last one [MQTT-4.7.1-1, MQTT-4.7.1-2]."""
    wanted = text(content)
    levels = wanted.split("/")
    is_wrong = any(("#" in level or "+" in level) and len(level) > 1 for level in levels) or "#" in levels[:-1]
    if not wanted or is_wrong:
        raise MalformedPacket(f"not a filter of topics: {wanted:.200}")
    return wanted


class BodyReader:
    """Reads the body of a packet from its beginning. Every method raises MalformedPacket if the body is too short."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def is_read(self) -> bool:
        """Whether all bytes are read."""
        return self._at == len(self._content)

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self._at + count
        if end > len(self._content):
            raise MalformedPacket("a packet is shorter than its content")
        taken = self._content[self._at : end]
        self._at = end
        return taken

    def rest(self) -> bytes:
        """All bytes that are left."""
        return self.take(len(self._content) - self._at)

    def number(self, count: int = 2) -> int:
        """An integer of `count` bytes."""
        return int.from_bytes(self.take(count), "big")

    def varint(self) -> int:
        """A variable byte integer, which has the minimum number of bytes [MQTT-1.5.5-1]."""
        number = 0
        for place in range(VARINT_BYTES):
            digit = self.number(1)
            number |= (digit & 0x7F) << 7 * place
            if digit < 0x80:
                if place and not digit:
                    raise MalformedPacket("a number has more bytes than it needs")
                return number
        raise MalformedPacket(f"a number has more than {VARINT_BYTES} bytes")

    def binary(self) -> bytes:
        """Bytes with their number before them."""
        return self.take(self.number())

    def string(self) -> str:
        """A UTF-8 string with its size before it."""
        return text(self.binary())

    def packet_id(self) -> int:
        """A packet identifier, which is not 0 [MQTT-2.2.1-3]."""
        packet_id = self.number()
        if not packet_id:
            raise MalformedPacket("a packet identifier is 0")
        return packet_id

    def check_end(self) -> None:
        """Check that all bytes are read."""
        if not self.is_read:
            raise MalformedPacket("a packet is longer than its content")
