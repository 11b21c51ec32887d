"""The driver of testees matches answers to requests, and names what a testee does wrong."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

# As a module: pytest collects names that begin with Test.
from clients.conformance import testee as driver
from clients.conformance.waiting import ScenarioFailed

PATIENCE = 10.0
PROGRAM = """
import json, sys
waiting = []
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "later":
        waiting.append(request["id"])
    elif request["do"] == "end":
        sys.exit(3)
    elif request["do"] == "shout":
        print("not JSON", flush=True)
    elif request["do"] == "fail":
        print(json.dumps({"id": request["id"], "error": {"code": "UNAVAILABLE", "message": "away"}}), flush=True)
    elif request["do"] == "both":
        print(json.dumps({"event": "seen", "number": request["number"]}))
        for number in (request["id"], *waiting):
            print(json.dumps({"id": number, "result": {"of": number}}), flush=True)
"""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[driver.Testee]:
    testee = await driver.Testee.start([sys.executable, "-c", PROGRAM], folder, {}, folder / "log")
    try:
        yield testee
    finally:
        await testee.kill()


async def test_a_later_request_may_be_answered_first(tmp_path: Path) -> None:
    async with running(tmp_path) as testee:
        first = testee.send("later", {})
        assert await testee.ask("both", {"number": 7}, PATIENCE) == {"of": 2}
        assert await first == {"of": 1}
        assert testee.events == [{"event": "seen", "number": 7}]


async def test_an_error_of_the_testee_is_raised(tmp_path: Path) -> None:
    async with running(tmp_path) as testee:
        with pytest.raises(driver.TesteeError, match="UNAVAILABLE -: away"):
            await testee.ask("fail", {}, PATIENCE)


async def test_a_testee_that_ends_answers_no_request(tmp_path: Path) -> None:
    async with running(tmp_path) as testee:
        with pytest.raises(driver.TesteeGone, match="ended before it answered"):
            await testee.ask("end", {}, PATIENCE)
        with pytest.raises(driver.TesteeGone, match="hello was not sent"):
            await testee.hello()
        assert await testee.end() == 3


async def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as testee:
        with pytest.raises(driver.TesteeGone, match="not JSON"):
            await testee.ask("shout", {}, PATIENCE)


async def test_a_request_has_a_limit(tmp_path: Path) -> None:
    async with running(tmp_path) as testee:
        with pytest.raises(ScenarioFailed, match="later was not answered within 0.1 s"):
            await testee.ask("later", {}, 0.1)
