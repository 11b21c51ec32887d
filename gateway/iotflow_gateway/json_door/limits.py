"""Limits of WebSocket connections with JSON. Sizes are in bytes, times in seconds."""

# Connections in all, of one client address, and of one device.
MOST_CONNECTIONS, MOST_OF_AN_ADDRESS, MOST_OF_A_DEVICE = 5_000, 1_000, 10
# Connections without a login, in all and of one address.
MOST_WITHOUT_LOGIN, MOST_WITHOUT_LOGIN_OF_AN_ADDRESS = 500, 50
# A message, as a body of REST, and a message before the login.
LARGEST_MESSAGE, LARGEST_LOGIN = 4 * 2**20, 2**14
# Messages of one connection that are not answered, and their size; the size for all connections.
MOST_IN_FLIGHT, MOST_BYTES_IN_FLIGHT, MOST_BYTES_OF_ALL = 64, 8 * 2**20, 64 * 2**20
MOST_SUBSCRIPTIONS = 16
# Characters of an id that a client chooses.
LONGEST_ID = 64
# Frames that wait for their processing, and bytes that wait to be sent. Above either, the connection is not read, or not written.
MOST_FRAMES, HIGH_WATER = 2, 2**16

# Time for the handshake, which includes the check of its credential, and for a login message after it.
HANDSHAKE_SECONDS, LOGIN_SECONDS = 20.0, 10.0
# Time for an answer of the server.
CALL_SECONDS = 15.0
# Time for the client to read what is sent to it, and to answer a close frame.
SEND_SECONDS, CLOSE_SECONDS = 10.0, 2.0
# Interval of pings, and time for the answer. It exceeds CALL_SECONDS: while calls are in flight, a connection may not be read.
PING_SECONDS, PONG_SECONDS = 20.0, 20.0
