"""A coroutine test that hangs fails at its time limit, and its fixtures are closed."""

import os
import subprocess
import sys
from pathlib import Path

HANGING = """
import asyncio
import pytest

@pytest.fixture
async def opened():
    yield
    print("fixture closed")

async def test_hanging(opened):
    await asyncio.Event().wait()

async def test_next(opened):
    pass
"""


def test_fixtures_of_a_test_that_hangs_are_closed(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    plugins = [f"-p{name}" for name in ("anyio.pytest_plugin", "pytest_timeout", "tests.conftest")]
    pytest = [sys.executable, "-m", "pytest", *plugins, "--anyio-mode=auto", "--timeout=0.2", "-s"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run([*pytest, tmp_path], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert "1 failed, 1 passed" in ended.stdout
    assert "Timeout (>0.2s) from pytest-timeout" in ended.stdout
    assert ended.stdout.count("fixture closed") == 2
