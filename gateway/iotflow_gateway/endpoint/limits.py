"""Limits of the endpoint. Sizes are in bytes, times in seconds."""

from iotflow_gateway.mqtt import PacketType
from iotflow_gateway.pipeline.payloads import LONGEST

# Connections in all, and of one client address. A whole fleet may connect through one gateway or balancer.
MOST_CONNECTIONS, MOST_OF_AN_ADDRESS = 20_000, 16_000
# Connections without a CONNECT in all, and of one address: a fleet that connects at once by TLS has thousands of them for seconds. A
# new one ends the oldest of the address, or of the address that has most.
MOST_UNIDENTIFIED, MOST_UNIDENTIFIED_OF_AN_ADDRESS = 6_000, 5_000
# Logins that the server checks at a time, in all and of one address. Addresses take turns.
MOST_LOGINS, MOST_LOGINS_OF_AN_ADDRESS = 64, 48
# Failed logins of an address in a minute. Above it, this many of its logins are checked at a time, and this many may wait.
MOST_FAILED_LOGINS, MOST_LOGINS_AFTER_FAILURES, MOST_WAITING_AFTER_FAILURES = 100, 4, 1_000
# Addresses of failed logins that are remembered.
MOST_FAILED_ADDRESSES = 10_000
# Size of the CONNECT packets that wait for a check, in all and of one address.
MOST_LOGIN_BYTES, MOST_LOGIN_BYTES_OF_AN_ADDRESS = 64 * 2**20, 32 * 2**20
# Sessions in all, of one device, and of clients without a login. A new session ends the oldest one.
MOST_SESSIONS, MOST_OF_A_DEVICE, MOST_ANONYMOUS = 40_000, 10, 200
# Time for which the session of a client without a connection is kept: 14 days.
LONGEST_SESSION = 14 * 86_400
LONGEST_CLIENT_ID = 1_000

# A PUBLISH has a topic and properties besides its payload.
LARGEST_PUBLISH, LARGEST_OTHER = LONGEST + 2**16, 2**16
# The body of an acknowledgement with a reason string and user properties.
LARGEST_ACKNOWLEDGEMENT = 2**12
# The size of the body that a packet of a client may have.
LARGEST = {
    PacketType.CONNECT: LARGEST_OTHER,
    PacketType.PUBLISH: LARGEST_PUBLISH,
    PacketType.SUBSCRIBE: LARGEST_OTHER,
    PacketType.UNSUBSCRIBE: LARGEST_OTHER,
    PacketType.PUBACK: LARGEST_ACKNOWLEDGEMENT,
    PacketType.PUBREC: LARGEST_ACKNOWLEDGEMENT,
    PacketType.PUBREL: LARGEST_ACKNOWLEDGEMENT,
    PacketType.PUBCOMP: LARGEST_ACKNOWLEDGEMENT,
    PacketType.PINGREQ: 0,
    PacketType.DISCONNECT: LARGEST_ACKNOWLEDGEMENT,
    PacketType.AUTH: LARGEST_ACKNOWLEDGEMENT,
}
# The request with which a WebSocket begins.
LARGEST_REQUEST = 2**13
# What a client may send before TLS is agreed on: certificates, for the most part. Handshakes in a turn of the event loop.
LARGEST_HANDSHAKE, MOST_HANDSHAKES_AT_ONCE = 2**16, 8
# Time for which a handshake may wait for its turn, which does not count as time of the client.
TURN_SECONDS = 60.0
# Header of the largest packet.
HEADER_BYTES = 5
# Packets above this size are read while those of all connections together stay below READING_BYTES.
SMALL, READING_BYTES = 2**16, 64 * 2**20
# Bytes that are read from a connection, and packets that are processed, before others are served.
READ_BYTES, MOST_AT_ONCE = 2**14, 64

# Filters of a session, of one packet, and characters of a filter.
MOST_FILTERS, MOST_FILTERS_AT_ONCE, LONGEST_FILTER = 50, 100, 1_000
# Messages of a client that are not acknowledged: the receive maximum.
MOST_UNACKNOWLEDGED, MOST_UNACKNOWLEDGED_BYTES = 1_000, 16 * 2**20
# Topic aliases of a connection, and characters of a topic with an alias.
MOST_ALIASES, LONGEST_ALIASED = 16, 1_000
# Addresses of topics that a session remembers, and characters of such a topic.
MOST_ADDRESSES, LONGEST_REMEMBERED = 16, 200
# Messages in flight to one client, and messages queued for one session without a connection.
MOST_IN_FLIGHT, MOST_BYTES_IN_FLIGHT = 1_000, 16 * 2**20
MOST_QUEUED, MOST_QUEUED_BYTES = 1_000, 2**20
# Messages in flight to all clients, and queued.
MOST_OUTGOING_BYTES = 256 * 2**20
# Messages retained by one device.
MOST_RETAINED, MOST_RETAINED_BYTES = 50, 2**18
# Bytes that wait in a connection's buffer. Above it, messages of QoS 0 are dropped and nothing is read from the client.
HIGH_WATER = 2**18

# Time for a client to send its CONNECT, and from the first byte of a packet to the end of its header and from there to its end.
CONNECT_SECONDS, PACKET_SECONDS = 10.0, 30.0
# Time for a client to acknowledge a command, to read what is sent to it, and to read the last packets before it is cut off.
ACKNOWLEDGE_SECONDS, SEND_SECONDS, CLOSE_SECONDS = 10.0, 10.0, 2.0
# A client may be silent for this multiple of its keepalive [MQTT-3.1.2-22]. The keepalive of MQTT 5 is at most an hour.
KEEPALIVES, LONGEST_KEEPALIVE = 1.5, 3_600
# Time for messages in processing to be acknowledged when the endpoint stops.
DRAIN_SECONDS = 5.0
# Interval of the checks of all connections and sessions.
CHECK_SECONDS = 1.0
# Time for which the connection of a client that has connected to another endpoint waits for acknowledgements.
LOST_SECONDS = 1.0
