"""One connection after its login: messages of the client, and what the server sends to it."""

import asyncio
from typing import Any

import grpc
import orjson
from websockets.asyncio.server import ServerConnection

from iotflow_gateway.json_door.callers import Caller
from iotflow_gateway.json_door.closing import CloseCode, Closing
from iotflow_gateway.json_door.in_flight import ByteBudget, InFlight
from iotflow_gateway.json_door.limits import LARGEST_MESSAGE, MOST_IN_FLIGHT, MOST_SUBSCRIPTIONS, SEND_SECONDS
from iotflow_gateway.json_door.messages import LOGIN, SUBSCRIBE, UNSUBSCRIBE, ClientMessage, InvalidMessage, parse
from iotflow_gateway.json_door.requests import Requests
from iotflow_gateway.json_door.subscriptions import Subscriptions


async def send(socket: ServerConnection, message: dict[str, Any]) -> None:
    """Send a message. Raises Closing if the client does not read, and ConnectionClosed."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await socket.send(orjson.dumps(message), text=True)
    except TimeoutError:
        problem = f"The client has read too little for {SEND_SECONDS:.0f} seconds."
        raise Closing(CloseCode.POLICY_VIOLATION, problem) from None


class Connection:
    """The messages of one caller. channel: to the server. of_all: the budget of bytes of all connections."""

    def __init__(self, socket: ServerConnection, channel: grpc.aio.Channel, caller: Caller, of_all: ByteBudget) -> None:
        self._socket = socket
        self._channel = channel
        self._caller = caller
        self._in_flight = InFlight(of_all)
        self._requests = Requests(channel, caller)

    async def run(self) -> None:
        """Process messages. Raises an exception group with Closing or ConnectionClosed at the end."""
        socket = self._socket
        socket.protocol.max_message_size = LARGEST_MESSAGE
        await send(socket, self._welcome())
        async with asyncio.TaskGroup() as tasks:
            subscriptions = Subscriptions(self._channel, self._caller, self._send, tasks)
            while True:
                body = await socket.recv(decode=False)
                # Messages are processed concurrently, so that the server commits them together.
                await self._in_flight.acquire(len(body))
                tasks.create_task(self._process(body, subscriptions), name="message")

    def _welcome(self) -> dict[str, Any]:
        limits = {
            "message_bytes": LARGEST_MESSAGE,
            "messages_in_flight": MOST_IN_FLIGHT,
            "subscriptions": MOST_SUBSCRIPTIONS,
        }
        device = {"device_id": self._caller.device_id} if self._caller.device_id else {}
        return {"type": "welcome", **device, "limits": limits}

    async def _process(self, body: bytes, subscriptions: Subscriptions) -> None:
        try:
            await self._answer(parse(body), subscriptions)
        except InvalidMessage as problem:
            await self._send(problem.answer)
        finally:
            self._in_flight.release(len(body))

    async def _answer(self, message: ClientMessage, subscriptions: Subscriptions) -> None:
        if message.type == SUBSCRIBE:
            await subscriptions.add(message)
        elif message.type == UNSUBSCRIBE:
            await subscriptions.remove(message)
        elif message.type == LOGIN:
            raise InvalidMessage("ALREADY_LOGGED_IN", "The connection has logged in.", id=message.id)
        else:
            await self._send(await self._requests.answer(message))

    async def _send(self, message: dict[str, Any]) -> None:
        await send(self._socket, message)
