"""The calls by which a device replaces its key."""

from abc import ABC, abstractmethod

import grpc

from iotflow.channels import credentials
from iotflow.errors import server_error
from iotflow.v1.device_service_pb2 import RotateApiKeyRequest, SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.link import Login, Problem

CALL_SECONDS = 10.0


class KeyNotAccepted(Exception):
    """The service did not do what a call with a key asked for. Where the answer was lost, it may have. is_final: it will not."""

    def __init__(self, problem: Problem, *, is_final: bool) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.is_final = is_final


class KeyCalls(ABC):
    """Of the devices of one door."""

    @abstractmethod
    async def successor(self, login: Login) -> str:
        """A new key in place of that of the login, which stays valid until the new one is used. Raises KeyNotAccepted."""

    @abstractmethod
    async def use(self, login: Login) -> None:
        """Use the key of the login, by a heartbeat. Raises KeyNotAccepted."""

    async def close(self) -> None:  # noqa: B027
        """Release what the calls share."""


class GrpcKeyCalls(KeyCalls):
    """By gRPC, over one connection of its own. Devices of MQTT call it too: no topic replaces a key."""

    def __init__(self, address: DoorAddress) -> None:
        self._channel = address.channel()
        self._stub = DeviceServiceStub(self._channel)

    async def successor(self, login: Login) -> str:
        """RotateApiKey."""
        try:
            answer = await self._stub.RotateApiKey(
                RotateApiKeyRequest(), metadata=credentials(login.key), timeout=CALL_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise _not_accepted(error) from None
        key: str = answer.api_key
        return key

    async def use(self, login: Login) -> None:
        """SendHeartbeat."""
        try:
            await self._stub.SendHeartbeat(
                SendHeartbeatRequest(), metadata=credentials(login.key), timeout=CALL_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise _not_accepted(error) from None

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()


def _not_accepted(error: grpc.aio.AioRpcError) -> KeyNotAccepted:
    found = server_error(error)
    problem = Problem(found.reason or found.code.name, found.message, retry_after=found.retry_after)
    return KeyNotAccepted(problem, is_final=not found.retryable)
