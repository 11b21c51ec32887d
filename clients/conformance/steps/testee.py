"""Steps that drive the testee."""

from typing import Any

from pydantic import Field

from clients.conformance.languages import ROOT
from clients.conformance.matching import mismatch
from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.testee import Json, Testee, TesteeError, answered
from clients.conformance.waiting import ScenarioFailed, poll


@step("testee.start")
class StartTestee(Step):
    """Runs a new testee process. env: further environment variables."""

    env: dict[str, str] = {}

    async def run(self, stage: Stage) -> None:
        await stage.start_testee(stage.resolve(self.env))


@step("testee.kill")
class KillTestee(Step):
    """Ends the testee as a crash does."""

    async def run(self, stage: Stage) -> None:
        await stage.kill_testee()


@step("testee.end")
class EndTestee(Step):
    """Closes the testee's input and waits until the process ends with exit code 0."""

    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        code = await stage.testee.end(self.within)
        if code:
            raise ScenarioFailed(f"The testee ended with exit code {code}.")


@step("connect")
class Connect(Step):
    """Connects the testee to the proxy as a device. device empty: without a key. token: in place of a key."""

    device: str = "main"
    key: str = ""
    token: str = ""
    tls: dict[str, str] | None = None
    target: str = "${target}"
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        key = stage.resolve(self.key) or (stage.device(self.device).key if self.device and not self.token else "")
        fields: Json = {"target": stage.resolve(self.target), "api_key": key, "token": stage.resolve(self.token)}
        if self.tls is not None:
            fields["tls"] = stage.resolve(self.tls)
        if stage.is_by_mqtt:
            fields |= {"mqtt": True, "device_id": stage.device(self.device).id}
        await stage.required("connect", fields, self.within)


@step("ask")
class Ask(Step):
    """Sends a request and waits for its answer. result, error: what the answer must match. save: a name for the result."""

    do: str
    fields: Json = Field({}, alias="with")
    within: float = PATIENCE
    result: Any = None
    error: Json | None = None
    save: str = ""

    async def run(self, stage: Stage) -> None:
        try:
            result = await stage.ask(stage.resolve(self.do), stage.resolve(self.fields), self.within)
        except TesteeError as failure:
            _check_error(stage, self.do, self.error, failure)
            return
        _check_result(stage, self, result)


@step("begin")
class Begin(Step):
    """Sends a request whose answer a later step `finish` of this name waits for."""

    name: str
    do: str
    fields: Json = Field({}, alias="with")

    async def run(self, stage: Stage) -> None:
        stage.pending[self.name] = stage.testee.send(self.do, stage.resolve(self.fields))


@step("finish")
class Finish(Step):
    """Waits for the answer to a request that `begin` sent."""

    name: str
    within: float = PATIENCE
    result: Any = None
    error: Json | None = None
    save: str = ""

    async def run(self, stage: Stage) -> None:
        try:
            result = await answered(stage.pending.pop(self.name), self.name, self.within)
        except TesteeError as failure:
            _check_error(stage, self.name, self.error, failure)
            return
        _check_result(stage, self, result)


@step("unfinished")
class Unfinished(Step):
    """A request that `begin` sent has no answer yet."""

    name: str

    async def run(self, stage: Stage) -> None:
        if stage.pending[self.name].done():
            raise ScenarioFailed(f"{self.name} was answered, and should still wait.")


@step("event")
class AwaitEvent(Step):
    """Waits until the testee has reported `count` events of this name that match. save: a name for the last of them."""

    name: str
    where: Json = {}
    count: int = 1
    within: float = PATIENCE
    save: str = ""

    async def run(self, stage: Stage) -> None:
        where, testee = stage.resolve(self.where), stage.testee

        def found() -> list[Json]:
            return _events(testee.events, self.name, where)

        def expected() -> str:
            others = [event for event in testee.events if event["event"] == self.name][-3:]
            return (
                f"{len(found())} of {self.count} events {self.name} {where or ''} came; the last of this name: {others}"
            )

        await testee.changes.until(lambda: len(found()) >= self.count, self.within, expected)
        if self.save:
            stage.variables[self.save] = found()[-1]


@step("events")
class CountEvents(Step):
    """The number of matching events so far matches `count`; it does not wait."""

    name: str
    where: Json = {}
    count: Any

    async def run(self, stage: Stage) -> None:
        found = _events(stage.testee.events, self.name, stage.resolve(self.where))
        if complaint := mismatch(self.count, len(found), f"the number of events {self.name}"):
            raise ScenarioFailed(f"{complaint} They are {found[:5]}")


@step("status")
class Status(Step):
    """Waits until `writer.status` matches."""

    matches: Json
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        expected = stage.resolve(self.matches)

        async def complaint() -> str:
            return mismatch(expected, await stage.required("writer.status", {}, self.within), "writer.status")

        await poll(complaint, self.within)


@step("rival")
class Rival(Step):
    """Sends a request to a second testee process, which is connected as the first one and ends afterwards."""

    do: str
    fields: Json = Field({}, alias="with")
    error: Json
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        rival = await Testee.start(stage.language.run, ROOT, {}, stage.testee_log)
        try:
            await rival.ask("connect", {"target": stage.proxy.target, "api_key": stage.device("main").key}, self.within)
            await rival.ask(self.do, stage.resolve(self.fields), self.within)
        except TesteeError as failure:
            _check_error(stage, self.do, self.error, failure)
            return
        finally:
            await rival.kill()
        raise ScenarioFailed(f"{self.do} succeeded, and the error {self.error} is expected.")


def _events(events: list[Json], name: str, where: Json) -> list[Json]:
    return [event for event in events if event["event"] == name and not mismatch(where, event)]


def _check_error(stage: Stage, do: str, expected: Json | None, failure: TesteeError) -> None:
    if expected is None:
        raise ScenarioFailed(f"{do} failed: {failure}")
    if complaint := mismatch(stage.resolve(expected), failure.error, "error"):
        raise ScenarioFailed(f"{do}: {complaint}")


def _check_result(stage: Stage, asked: Ask | Finish, result: Json) -> None:
    name = asked.do if isinstance(asked, Ask) else asked.name
    if asked.error is not None:
        raise ScenarioFailed(f"{name} succeeded, and the error {asked.error} is expected.")
    if asked.result is not None and (complaint := mismatch(stage.resolve(asked.result), result)):
        raise ScenarioFailed(f"{name}: {complaint}")
    if asked.save:
        stage.variables[asked.save] = result
