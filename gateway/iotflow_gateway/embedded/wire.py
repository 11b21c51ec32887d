"""A client's connection as amqtt wants it."""

import asyncio

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter

from iotflow_gateway.embedded.packets import PacketReader, Room

# For a client to read what was sent before the connection is closed.
CLOSE_SECONDS = 2.0


class Reader(StreamReaderAdapter):
    """Read by packets. large: see PacketReader."""

    def __init__(self, reader: asyncio.StreamReader, large: Room) -> None:
        super().__init__(reader)
        self.packets = PacketReader(reader, large)


class Writer(StreamWriterAdapter):
    """Once closed the socket is, whether the client reads or not."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__(writer)
        self.connection = writer

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close()
        except (OSError, TimeoutError):
            # The client has gone, or does not read.
            return
        finally:
            self.connection.transport.abort()
