"""The event loop of a server process."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# A name service that does not answer holds as many threads as look names up.
RESOLVERS = 4


class ServerLoop(asyncio.SelectorEventLoop):
    """Looks names up in threads of their own: while the name service hangs, other work in threads goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, "resolver")

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        return await self.run_in_executor(self._resolvers, socket.getaddrinfo, host, port, family, type, proto, flags)

    def close(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)
        super().close()
