"""The testee of the Python client."""

import asyncio

import grpc

from clients.conformance.testees.loop import Json, report, serve
from clients.conformance.testees.python_device import DeviceUnderTest, ReaderUnderTest
from clients.conformance.testees.python_writer import WriterUnderTest
from clients.conformance.vectors.json_form import batch_of, json_of
from iotflow.connection import Connection, Tls
from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import TelemetryBatch


class Testee:
    """One connection at a time, and what uses it."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        # What the credential handler returns, or throws.
        self._new_keys: asyncio.Queue[str | Exception | None] = asyncio.Queue()

    @property
    def connection(self) -> Connection:
        """The present connection. Raises ServerError where there is none."""
        if self._connection is None:
            raise ServerError(grpc.StatusCode.FAILED_PRECONDITION, "There is no connection. Connect first.")
        return self._connection

    async def hello(self, _: Json) -> Json:
        """The client's name; it lacks nothing."""
        return {"language": "python", "version": grpc.__version__, "skips": {}}

    async def connect(self, request: Json) -> Json:
        """Connect what comes from now on."""
        tls = request.get("tls")
        self._connection = Connection(
            request["target"],
            api_key=request.get("api_key") or "",
            token=request.get("token") or "",
            tls=None if tls is None else Tls(tls.get("ca"), tls.get("certificate"), tls.get("key")),
            on_credential_wanted=self._wanted,
        )
        return {}

    async def new_key(self, request: Json) -> Json:
        """Answer the credential handler, now or when it asks."""
        failure = request.get("fails")
        self._new_keys.put_nowait(RuntimeError(failure) if failure else request["api_key"])
        return {}

    async def encode(self, request: Json) -> Json:
        """The bytes of a batch."""
        return {"hex": batch_of(request["batch"]).SerializeToString().hex()}

    async def decode(self, request: Json) -> Json:
        """The batch of bytes."""
        return {"batch": json_of(TelemetryBatch.FromString(bytes.fromhex(request["hex"])))}

    async def _wanted(self, error: ServerError) -> str | None:
        report("credential_wanted", reason=error.reason)
        answer = await self._new_keys.get()
        if isinstance(answer, Exception):
            raise answer
        return answer


def main() -> None:
    """Answer until the end of the input."""
    testee, writer = Testee(), WriterUnderTest()
    reader, device = ReaderUnderTest(lambda: testee.connection), DeviceUnderTest(lambda: testee.connection)
    asyncio.run(
        serve(
            {
                "hello": testee.hello,
                "connect": testee.connect,
                "new_key": testee.new_key,
                "writer.open": lambda request: writer.open(request, testee.connection),
                "writer.add": writer.add,
                "writer.add_columns": writer.add_columns,
                "writer.flush": writer.flush,
                "writer.close": writer.close,
                "writer.status": writer.status,
                "clock.now": writer.now,
                "latest": reader.latest,
                "range": reader.range,
                "aggregate": reader.aggregate,
                "read": reader.read,
                "subscribe": reader.subscribe,
                "unsubscribe": reader.unsubscribe,
                "register": device.register,
                "heartbeat": device.heartbeat,
                "config.watch": device.watch_config,
                "config.report": device.report_config,
                "commands.handle": device.handle_commands,
                "rotate": device.rotate,
                "devices.list": device.list_devices,
                "encode": testee.encode,
                "decode": testee.decode,
            }
        )
    )


if __name__ == "__main__":
    main()
