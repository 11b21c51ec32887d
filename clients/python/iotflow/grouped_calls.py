"""Questions of many callers about one key each, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class GroupedCalls(Generic[Answer]):
    """ask: the answers of the keys that have one. most: keys of one call. While one call runs, the keys of the following callers gather
    for the next one."""

    def __init__(self, ask: Callable[[Sequence[str]], Awaitable[Mapping[str, Answer]]], most: int) -> None:
        self._ask = ask
        self._most = most
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}

    async def get(self, key: str) -> Answer | None:
        """The answer of a call that begins later; None: there is none. Raises what ask raises."""
        answer = self._waiting.setdefault(key, asyncio.get_running_loop().create_future())
        async with self._turn:
            while not answer.done():
                # The call of a caller that was cancelled may have taken the key.
                answer = self._waiting.setdefault(key, answer)
                await self._ask_for_group()
        return answer.result()

    async def _ask_for_group(self) -> None:
        """Ask for the keys that have waited longest."""
        group = [(key, self._waiting.pop(key)) for key in list(self._waiting)[: self._most]]
        try:
            found = await self._ask([key for key, _ in group])
        except Exception as error:  # noqa: BLE001 - each caller raises it
            for _, answer in group:
                answer.set_exception(error)
                # A caller that was cancelled does not retrieve it.
                answer.exception()
        else:
            for key, answer in group:
                answer.set_result(found.get(key))
