"""Starts pytest in forks of a process that has imported the libraries already, which takes half the time.

Each line of the input is a request: the arguments of pytest, and environment variables. The answers are two lines, the
process's id and its exit code.
"""

import json
import os
import sys
from importlib import import_module
from typing import NoReturn

import pytest

# Without grpc, whose processes must not fork, and without the product, which is changed between the forks.
_LIBRARIES = (
    *(
        "alembic",
        "anyio",
        "google.protobuf.json_format",
        "httpx",
        "hypothesis.strategies",
        "numpy",
        "orjson",
        "pyarrow",
    ),
    *("pydantic_settings", "pytest_timeout", "redis.asyncio", "sqlalchemy.orm", "structlog", "typer", "yaml"),
)


def main() -> None:
    """Serve until the end of the input."""
    for library in _LIBRARIES:
        import_module(library)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _run(request["arguments"], request["env"])
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(arguments: list[str], env: dict[str, str]) -> NoReturn:
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    os.environ.update(env)
    code = 1
    try:
        code = pytest.main(arguments)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
