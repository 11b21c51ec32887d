"""Limits of the embedded broker, which is made for a laptop. `--broker mosquitto` has larger ones."""

# Connections, and connections without a CONNECT.
MOST_CONNECTIONS, MOST_UNIDENTIFIED = 1_000, 100
# Sessions in all, of one device, and of clients without a login. A new session ends the oldest one.
MOST_SESSIONS, MOST_OF_A_DEVICE, MOST_ANONYMOUS = 2_000, 10, 200
# Filters of a session, and characters of a filter.
MOST_FILTERS, LONGEST_FILTER = 50, 1_000
# Packet ids of QoS 2 that a client has not released.
MOST_UNRELEASED = 1_000
# Messages in flight to one client.
MOST_IN_FLIGHT, MOST_BYTES_IN_FLIGHT = 1_000, 16 * 2**20
# Messages queued for one session without a connection.
MOST_QUEUED, MOST_QUEUED_BYTES = 1_000, 2**20
# Messages retained by one device.
MOST_RETAINED, MOST_RETAINED_BYTES = 50, 2**18
# Bytes of large packets that are read at a time.
READING_BYTES = 64 * 2**20
