"""Ways from a client to the endpoint: TCP, TLS and WebSocket. Each is a layer between a socket and the connection of a client."""
