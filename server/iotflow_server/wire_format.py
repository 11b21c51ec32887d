"""The binary format of Protobuf: https://protobuf.dev/programming-guides/encoding/"""

FIXED64, LENGTH_DELIMITED = 1, 2


def tag(field_number: int, wire_type: int) -> int:
    """The number that precedes the value of a field."""
    return field_number << 3 | wire_type


def varint(number: int) -> bytes:
    """Encode a base-128 varint: seven bits per byte, lowest first. The high bit is set in every byte except the last."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
