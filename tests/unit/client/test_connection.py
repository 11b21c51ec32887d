"""A connection to a server that listens, is away, or accepts connections without an answer."""

import asyncio
import gc
import inspect
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import StatusCode

from iotflow.channels import open_channel
from iotflow.connection import Connection, Tls
from iotflow.device import Device
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatRequest, SendHeartbeatResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

# Far above what a test takes: processors that are shared may stand still for seconds.
PATIENCE = 15.0


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    """A server without any method; its address."""
    running = grpc.aio.server()
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    try:
        async with asyncio.timeout(PATIENCE):
            yield f"127.0.0.1:{port}"
    finally:
        await running.stop(None)


async def test_a_connection_to_a_listening_server_is_ready_at_once() -> None:
    async with server() as target, Connection(target, connect_timeout=2.0) as connection:
        channel = await connection.ready()
        assert channel.get_state() is grpc.ChannelConnectivity.READY
        assert await connection.ready() is channel


async def test_a_connection_is_ready_again_after_its_server_was_away() -> None:
    async with server() as target:
        connection = Connection(target, connect_timeout=2.0)
        before = await connection.ready()
    with pytest.raises(ServerError, match="out of reach"):
        while await connection.ready() is before:
            await before.wait_for_state_change(grpc.ChannelConnectivity.READY)
    running = grpc.aio.server()
    assert running.add_insecure_port(target)
    await running.start()
    async with asyncio.timeout(PATIENCE):
        assert await connection.ready() is not before
        await connection.close()
    await running.stop(None)


async def test_an_address_without_a_server_is_out_of_reach() -> None:
    async with server() as target:
        pass
    async with asyncio.timeout(PATIENCE), Connection(target) as connection:
        with pytest.raises(ServerError, match=f"{target} is out of reach: .*Connection refused") as away:
            await connection.ready()
    assert (away.value.code, away.value.retryable) == (StatusCode.UNAVAILABLE, True)


async def test_the_error_of_a_callers_channel_has_the_cause_too() -> None:
    async with server() as target:
        pass
    async with asyncio.timeout(PATIENCE), open_channel(target) as channel:
        connection = Connection(channel, connect_timeout=0.5)
        with pytest.raises(ServerError, match="Connection refused"):
            await connection.ready()
        # The caller's channel goes on, and gRPC reports to this loop that its state has changed.
        running = grpc.aio.server()
        assert running.add_insecure_port(target)
        await running.start()
        await channel.channel_ready()
        assert await connection.ready() is channel
        await running.stop(None)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_grpc_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with server() as target, Connection(target, connect_timeout=2.0) as connection:
        assert await connection.ready()


async def test_a_server_that_does_not_answer_is_given_up_after_the_timeout_of_ten_seconds_by_default() -> None:
    assert inspect.signature(Connection).parameters["connect_timeout"].default == 10.0
    async with asyncio.timeout(PATIENCE):
        # The system accepts connections of a socket that listens.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            target = f"127.0.0.1:{silent.getsockname()[1]}"
            async with Connection(target, connect_timeout=0.1) as connection:
                with pytest.raises(ServerError, match=r"did not accept a connection within 0\.1 s") as away:
                    await connection.ready()
    assert (away.value.code, away.value.retryable) == (StatusCode.UNAVAILABLE, True)


async def test_a_channel_of_the_caller_is_used_and_left_open() -> None:
    async with server() as target, grpc.aio.insecure_channel(target) as channel:
        async with Connection(channel) as connection:
            assert await connection.ready() is channel
        assert channel.get_state() is grpc.ChannelConnectivity.READY


async def test_a_channel_that_the_caller_has_closed_is_an_error() -> None:
    channel = grpc.aio.insecure_channel("127.0.0.1:1")
    await channel.close()
    with pytest.raises(RuntimeError, match="closed"):
        await Connection(channel).ready()


async def test_an_unreadable_file_of_tls_is_named(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), Connection("127.0.0.1:1", tls=Tls(ca=tmp_path / "ca.crt")) as connection:
        with pytest.raises(ServerError, match=r"file of TLS is unreadable.*ca\.crt") as unreadable:
            await connection.ready()
    assert (unreadable.value.code, unreadable.value.retryable) == (StatusCode.UNAVAILABLE, True)


async def test_files_of_tls_are_read_for_the_channel(tmp_path: Path) -> None:
    """A file without a certificate cannot be used, and the error says at what the attempt failed."""
    (tmp_path / "ca.crt").touch()
    async with server() as target, Connection(target, tls=Tls(ca=tmp_path / "ca.crt")) as connection:
        with pytest.raises(ServerError, match="out of reach: .*handshake"):
            await connection.ready()


async def test_the_status_of_a_call_is_raised_as_the_clients_error() -> None:
    async with server() as target, Connection(target) as connection:
        with pytest.raises(ServerError) as failed:
            async with connection.call() as channel:
                await DeviceServiceStub(channel).SendHeartbeat(SendHeartbeatRequest())
    assert failed.value.code is StatusCode.UNIMPLEMENTED


async def test_a_call_whose_connection_is_closed_can_be_repeated() -> None:
    async with server() as target, Connection(target) as connection:
        with pytest.raises(ServerError, match="connection was closed") as closed:
            async with connection.call():
                # As gRPC raises it in calls of a closed channel.
                raise asyncio.CancelledError
    assert (closed.value.code, closed.value.retryable) == (StatusCode.CANCELLED, True)


async def test_a_caller_that_is_cancelled_in_a_call_stays_cancelled() -> None:
    async with server() as target, Connection(target) as connection:
        began = asyncio.Event()

        async def call() -> None:
            async with connection.call():
                began.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(call())
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_attempt_waits_for_changes_instead_of_asking_again_and_again() -> None:
    made = list[Any]()

    def record(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Task[Any]":
        made.append(coroutine)
        return asyncio.Task(coroutine, loop=loop, **options)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection(f"127.0.0.1:{silent.getsockname()[1]}", connect_timeout=0.1)
        asyncio.get_running_loop().set_task_factory(record)
        try:
            with pytest.raises(ServerError, match="did not accept"):
                await connection.ready()
        finally:
            asyncio.get_running_loop().set_task_factory(None)
        await connection.close()
    assert len(made) < 20


async def test_the_end_of_the_block_closes_the_connection() -> None:
    async with server() as target:
        async with Connection(target) as connection:
            channel = await connection.ready()
        assert channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN


async def test_concurrent_callers_share_a_connection() -> None:
    async with server() as target, Connection(target) as connection:
        first, second = await asyncio.gather(connection.ready(), connection.ready())
        assert first is second


def own_tasks() -> "set[asyncio.Task[Any]]":
    names = {"connection's state", "connection's end"}
    return {task for task in asyncio.all_tasks() if task.get_name() in names}


async def test_nothing_of_a_closed_connection_goes_on() -> None:
    async with asyncio.timeout(PATIENCE):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            connection = Connection(f"127.0.0.1:{silent.getsockname()[1]}", connect_timeout=0.1)
            with pytest.raises(ServerError, match=r"within 0\.1 s\. Check the host"):
                await connection.ready()
            assert {"connection's state", "connection's end"} <= {task.get_name() for task in own_tasks()}
            await connection.close()
            assert own_tasks() == set()


class Slow:
    """Heartbeats that are answered when the test lets them."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def heartbeat(self, _request: SendHeartbeatRequest, _context: Any) -> SendHeartbeatResponse:
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return SendHeartbeatResponse(device_id=7)


@asynccontextmanager
async def leaving(
    slow: Slow,
) -> AsyncIterator[tuple[Connection, grpc.aio.Channel, "asyncio.Task[SendHeartbeatResponse]"]]:
    """A connection that has left its channel; the channel, and a call on it, with which its server ends."""
    running = grpc.aio.server()
    method = grpc.unary_unary_rpc_method_handler(
        slow.heartbeat, SendHeartbeatRequest.FromString, SendHeartbeatResponse.SerializeToString
    )
    running.add_registered_method_handlers("iotflow.v1.DeviceService", {"SendHeartbeat": method})
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    async with asyncio.timeout(PATIENCE):
        connection = Connection(f"127.0.0.1:{port}")
        channel = await connection.ready()
        calling = asyncio.create_task(Device(connection).heartbeat())
        await slow.began.wait()
        stopping = asyncio.create_task(running.stop(PATIENCE))
        while channel.get_state() is grpc.ChannelConnectivity.READY:
            await channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
        with pytest.raises(ServerError, match="out of reach"):
            await connection.ready()
        yield connection, channel, calling
        await connection.close()
        await stopping


async def test_calls_of_a_connection_that_ends_go_on_until_they_are_answered() -> None:
    slow = Slow()
    async with leaving(slow) as (_, channel, calling):
        assert channel.get_state() is not grpc.ChannelConnectivity.SHUTDOWN
        slow.may_end.set()
        assert (await calling).device_id == 7
        await asyncio.gather(*(task for task in own_tasks() if task.get_name() == "connection's end"))
        assert channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN


async def test_a_connection_holds_nothing_of_attempts_that_have_failed() -> None:
    def watches() -> int:
        gc.collect()
        tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task)]
        return sum(task.get_name() in ("connection's state", "connection's end") for task in tasks)

    async with server() as target:
        pass
    async with asyncio.timeout(PATIENCE), Connection(target) as connection:
        for _ in range(10):
            with pytest.raises(ServerError):
                await connection.ready()
        await asyncio.gather(*own_tasks())
        assert watches() < 5


async def test_a_connection_holds_nothing_of_calls_that_have_ended() -> None:
    def futures() -> int:
        gc.collect()
        return sum(isinstance(each, asyncio.Future) for each in gc.get_objects())

    async with server() as target, Connection(target) as connection:
        await connection.ready()
        before = futures()
        for _ in range(50):
            async with connection.call():
                pass
        while futures() - before >= 50:  # noqa: ASYNC110
            # The loop has what it does after the end of a call still to do.
            await asyncio.sleep(0)


async def test_a_connection_can_be_closed_in_a_call_and_used_again() -> None:
    async with server() as target, Connection(target) as connection:
        async with connection.call() as channel:
            await connection.close()
            assert channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN
        assert await connection.ready() is not channel


async def test_the_end_of_a_connection_ends_its_calls_at_once_also_those_of_channels_before() -> None:
    slow = Slow()
    async with leaving(slow) as (connection, _, calling):
        await connection.close()
        with pytest.raises(ServerError, match="connection was closed"):
            await calling
        await slow.cancelled.wait()
