"""The calls by which a device of REST replaces its key."""

import asyncio
from typing import Any

from iotflow_simulators.doors.http_answers import Answer, AnswerReader
from iotflow_simulators.doors.http_link import LATER, error_of, object_of, retry_after
from iotflow_simulators.doors.key_calls import CALL_SECONDS, KeyCalls, KeyNotAccepted
from iotflow_simulators.doors.link import Login, Problem
from iotflow_simulators.doors.socket_link import Endpoint

ROTATE, HEARTBEAT = "/api/v1/devices/rotate-key", "/api/v1/devices/heartbeat"
_CHUNK = 65_536


class RestKeyCalls(KeyCalls):
    """Each call has a connection of its own, apart from that of the readings."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def successor(self, login: Login) -> str:
        """POST …/rotate-key."""
        answer = await self._call(ROTATE, login)
        key: Any = object_of(answer.body).get("api_key")
        if not isinstance(key, str):
            raise KeyNotAccepted(Problem("MALFORMED_ANSWER", "the answer has no key"), is_final=False)
        return key

    async def use(self, login: Login) -> None:
        """POST …/heartbeat."""
        await self._call(HEARTBEAT, login)

    async def _call(self, path: str, login: Login) -> Answer:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._answer(path, login)
            if answer.status >= 300:
                problem = Problem(*error_of(answer), retry_after=retry_after(answer))
                raise KeyNotAccepted(problem, is_final=answer.status not in LATER)
        except (OSError, TimeoutError) as error:
            problem = Problem("NO_CONNECTION", str(error) or "no answer to a request")
            raise KeyNotAccepted(problem, is_final=False) from None
        except ValueError as error:
            raise KeyNotAccepted(Problem("MALFORMED_ANSWER", str(error)), is_final=False) from None
        return answer

    async def _answer(self, path: str, login: Login) -> Answer:
        address, context, _ = self._endpoint
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
        try:
            head = f"POST {path} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {login.key}\r\nContent-Length: 0\r\n\r\n"
            writer.write(head.encode())
            answers = AnswerReader()
            while data := await reader.read(_CHUNK):
                if answer := answers.feed(data):
                    return answer
        finally:
            writer.close()
        raise ConnectionError("the peer closed the connection before its answer")
