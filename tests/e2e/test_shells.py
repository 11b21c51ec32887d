"""The client shells of Redis and IoTDB, against the real servers, through the Python drivers."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.processes import IOTFLOW
from tests.support.redis_server import RedisServer, redis_server
from tools.iotdb_server import IotdbServer

PASSWORD = "a password"


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server("--requirepass", PASSWORD) as server:
        yield server


def ran(*arguments: str, stdin: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    """The end of a command."""
    return subprocess.run(
        [IOTFLOW, *arguments], env={**os.environ, **env}, input=stdin, capture_output=True, text=True, timeout=120
    )


def address(redis: RedisServer) -> str:
    return redis.url.replace("redis://", "redis://:a%20password@")


def test_commands_of_redis_are_executed_in_order(redis: RedisServer) -> None:
    words = ["-e", "SET 'a b' 1", "-e", "GET 'a b'", "-e", "GET nothing", "-e", "SCAN 0"]
    ended = ran("redis", *words, IOTFLOW_REDIS_URL=address(redis))
    assert (ended.returncode, ended.stdout) == (0, "OK\n1\n\n0\na b\n"), ended


def test_an_error_of_redis_ends_the_input(redis: RedisServer) -> None:
    ended = ran("redis", "--plain", stdin="PING\nNOTHING\nPING\n", IOTFLOW_REDIS_URL=address(redis))
    assert ended.returncode == 1
    assert ended.stdout == "PONG\n"
    assert "unknown command" in ended.stderr


def test_the_shell_of_redis_gets_the_password_unseen(redis: RedisServer) -> None:
    """redis-cli is installed with the server of the tests."""
    ended = ran("redis", stdin="PING\n", IOTFLOW_REDIS_URL=address(redis))
    assert (ended.returncode, ended.stdout.strip()) == (0, "PONG"), ended


def test_a_redis_that_is_not_there_is_to_be_tried_again() -> None:
    ended = ran("redis", "-e", "PING", IOTFLOW_REDIS_URL="redis://127.0.0.1:1")
    assert ended.returncode == 5
    assert ended.stderr.startswith("iotflow: Redis does not answer")


def test_statements_of_iotdb_are_executed(iotdb_running: IotdbServer) -> None:
    url = f"iotdb://root:root@127.0.0.1:{iotdb_running.port}"
    statements = (
        "CREATE DATABASE root.shell",
        "INSERT INTO root.shell.d(time, t) VALUES (1, 2.5)",
        "SELECT t FROM root.shell.d",
    )
    ended = ran("iotdb", *(part for each in statements for part in ("-e", each)), IOTFLOW_TELEMETRY=url)
    assert ended.returncode == 0, ended
    assert ended.stdout == "done\ndone\nTime\troot.shell.d.t\n1\t2.5\n"
    wrong = ran("iotdb", "--plain", stdin="SELECT nothing\n", IOTFLOW_TELEMETRY=url)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("iotflow: ")
    assert "Traceback" not in wrong.stderr
