"""What the codec encodes, it decodes to the same packets, however the stream is divided; whatever arrives, nothing else is raised."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from iotflow_gateway.mqtt import Connect, MalformedPacket, Packet, PacketParser, PacketType, Publish, Version
from iotflow_gateway.mqtt.data_types import varint
from tests.support.mqtt_packets import LARGEST, VERSIONS, connects, packets, streams

# Packets take longer to make than to decode.
few = settings(max_examples=40)


def parsed(parser: PacketParser, *parts: bytes) -> list[Packet]:
    """The packets of a stream without errors."""
    found = [packet for part in parts for packet in parser.feed(part)]
    assert parser.error is None
    return found


def with_size(packet: bytes, body: bytes) -> bytes:
    """A packet with the same first byte and another body."""
    return packet[:1] + varint(len(body)) + body


def body_of(packet: bytes) -> bytes:
    """The bytes after the fixed header."""
    end = next(place for place in range(1, 5) if packet[place] < 0x80)
    return packet[end + 1 :]


@few
@given(streams())
def test_packets(stream: tuple[Version, list[Packet]]) -> None:
    version, sent = stream
    data = b"".join(packet.encode(version) for packet in sent)
    assert parsed(PacketParser(LARGEST, version), data) == sent


@few
@given(VERSIONS.flatmap(connects), st.data())
def test_a_connection_has_the_version_of_its_connect(connect: Connect, data: st.DataObject) -> None:
    """Also for packets of the same read."""
    version = connect.version
    sent = data.draw(st.lists(packets(version).filter(lambda one: not isinstance(one, Connect)), max_size=3))
    parser = PacketParser(LARGEST)
    assert parsed(parser, b"".join(packet.encode(version) for packet in [connect, *sent])) == [connect, *sent]
    assert parser.version is version


@few
@given(streams(), st.lists(st.integers(0, 2_000), max_size=8))
def test_a_stream_in_parts(stream: tuple[Version, list[Packet]], cuts: list[int]) -> None:
    version, sent = stream
    data = b"".join(packet.encode(version) for packet in sent)
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    parts = [data[begin:end] for begin, end in itertools.pairwise(places)]
    assert parsed(PacketParser(LARGEST, version), *parts) == sent


@few
@given(streams())
def test_a_stream_byte_by_byte(stream: tuple[Version, list[Packet]]) -> None:
    version, sent = stream
    data = b"".join(packet.encode(version) for packet in sent)
    assert parsed(PacketParser(LARGEST, version), *(bytes((byte,)) for byte in data)) == sent


@few
@given(VERSIONS.flatmap(lambda version: st.tuples(st.just(version), packets(version))))
def test_every_beginning_of_a_packet_waits_for_its_rest(one: tuple[Version, Packet]) -> None:
    version, packet = one
    data = packet.encode(version)
    for end in range(len(data)):
        parser = PacketParser(LARGEST, version)
        assert parsed(parser, data[:end]) == []
        assert parser.has_partial_packet == (end > 0)
        assert parser.partial_size in (0, len(data))
        assert parsed(parser, data[end:]) == [packet]
        assert not parser.has_partial_packet


@few
@given(VERSIONS.flatmap(lambda version: st.tuples(st.just(version), packets(version))))
def test_every_body_that_is_cut_off_is_malformed_or_another_packet(one: tuple[Version, Packet]) -> None:
    """A shorter body of PUBLISH has a shorter payload; the others have less content, or are errors."""
    version, packet = one
    data = packet.encode(version)
    body = body_of(data)
    for end in range(len(body)):
        parser = PacketParser(LARGEST, version)
        found = parser.feed(with_size(data, body[:end]))
        assert bool(found) is not bool(parser.error)
        if found and isinstance(packet, Publish):
            (cut,) = found
            assert isinstance(cut, Publish)
            assert packet.payload.startswith(cut.payload)


@few
@given(
    VERSIONS.flatmap(lambda version: st.tuples(st.just(version), packets(version))), st.binary(min_size=1, max_size=4)
)
def test_bytes_after_the_content_never_raise(one: tuple[Version, Packet], more: bytes) -> None:
    version, packet = one
    data = packet.encode(version)
    parser = PacketParser(LARGEST, version)
    found = parser.feed(with_size(data, body_of(data) + more))
    assert bool(found) is not bool(parser.error)


@settings(max_examples=400)
@given(st.none() | VERSIONS, st.lists(st.binary(max_size=60), max_size=4))
def test_random_bytes_are_packets_or_the_one_error(version: Version | None, parts: list[bytes]) -> None:
    parser = PacketParser(LARGEST, version)
    for part in parts:
        parser.feed(part)
    assert parser.error is None or isinstance(parser.error, MalformedPacket)


@settings(max_examples=400)
@given(VERSIONS, st.sampled_from(PacketType), st.integers(0, 15), st.binary(max_size=60))
def test_random_bodies_are_packets_or_the_one_error(
    version: Version, packet_type: PacketType, flags: int, body: bytes
) -> None:
    parser = PacketParser(LARGEST, None if packet_type is PacketType.CONNECT else version)
    found = parser.feed(bytes((packet_type << 4 | flags,)) + varint(len(body)) + body)
    assert bool(found) is not bool(parser.error)


@few
@given(VERSIONS.flatmap(lambda version: st.tuples(st.just(version), packets(version))), st.data())
def test_a_changed_byte_never_raises(one: tuple[Version, Packet], data: st.DataObject) -> None:
    version, packet = one
    changed = bytearray(packet.encode(version))
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    parser = PacketParser(LARGEST, version)
    parser.feed(bytes(changed))
    assert parser.error is None or isinstance(parser.error, MalformedPacket)


@few
@given(VERSIONS.flatmap(lambda version: st.tuples(st.just(version), packets(version))))
def test_what_is_decoded_is_encoded_to_the_same_bytes(one: tuple[Version, Packet]) -> None:
    version, packet = one
    data = packet.encode(version)
    (found,) = parsed(PacketParser(LARGEST, version), data)
    assert found.encode(version) == data
