"""Steps that add rows, and compare them with what is stored."""

import asyncio

from clients.conformance.matching import mismatch
from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.testee import Json, TesteeError, TesteeGone
from clients.conformance.waiting import ScenarioFailed, poll

# For one chunk of a load; a chunk may wait while the server is away.
_CHUNK_SECONDS = 300.0


@step("add")
class Add(Step):
    """Adds rows that follow those added before, with equal values in all measurements."""

    count: int
    device: str = "main"
    measurements: tuple[str, ...] = ("level",)
    # The request names the device, as gateways do.
    named: bool = False
    within: float = PATIENCE
    error: Json | None = None

    async def run(self, stage: Stage) -> None:
        device = stage.device(self.device)
        rows = device.ledger.next(self.count, self.measurements)
        fields: Json = {"device_id": device.id if self.named else 0, **rows.fields()}
        if self.error is None:
            await stage.required("writer.add", fields, self.within)
            device.ledger.add(rows)
        else:
            await _refused(stage, fields, self.error, self.within)


async def _refused(stage: Stage, fields: Json, expected: Json, within: float) -> None:
    try:
        await stage.ask("writer.add", fields, within)
    except TesteeError as failure:
        if complaint := mismatch(expected, failure.error, "error"):
            raise ScenarioFailed(f"writer.add: {complaint}") from None
        return
    raise ScenarioFailed(f"writer.add succeeded, and the error {expected} is expected.")


@step("stored")
class Stored(Step):
    """Waits until the server has every row that was added, once and with its value, and nothing else.

    missing: number of rows that are missing, such as ${numbers.dropped_rows}. first, last: so many of the oldest and newest
    rows are there all the same.
    """

    device: str = "main"
    missing: int | str = 0
    first: int = 0
    last: int = 0
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        device, missing = stage.device(self.device), int(stage.resolve(self.missing))

        async def complaint() -> str:
            stored = await stage.admin.stored(device.id)
            try:
                device.ledger.check(stored, missing=missing)
                device.ledger.check_present(stored, slice(0, self.first))
                device.ledger.check_present(stored, slice(device.ledger.count - self.last, None))
            except ScenarioFailed as failure:
                return str(failure)
            return ""

        await poll(complaint, self.within)


@step("acknowledged_is_stored")
class AcknowledgedIsStored(Step):
    """The rows that the testee calls acknowledged are stored, beginning with the first one that was added."""

    device: str = "main"
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        status = await stage.required("writer.status", {}, self.within)
        device = stage.device(self.device)
        device.ledger.check_present(await stage.admin.stored(device.id), slice(0, int(status["acknowledged_rows"])))


@step("stored_count")
class StoredCount(Step):
    """Waits until at least `at_least` rows of the device are stored, or `more` than when the step began."""

    device: str = "main"
    at_least: int = 0
    more: int = 0
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        device = stage.device(self.device)
        goal = self.at_least or await stage.admin.stored_count(device.key) + self.more

        async def complaint() -> str:
            found = await stage.admin.stored_count(device.key)
            return "" if found >= goal else f"{found} rows are stored, and at least {goal} are expected."

        await poll(complaint, self.within)


@step("load.start")
class StartLoad(Step):
    """Adds rows in the background, a chunk after the other. A chunk without an answer is added again by the next testee."""

    name: str = "load"
    count: int
    chunk: int = 500
    device: str = "main"
    measurements: tuple[str, ...] = ("level",)

    async def run(self, stage: Stage) -> None:
        stage.background[self.name] = asyncio.create_task(self._load(stage), name=self.name)

    async def _load(self, stage: Stage) -> None:
        ledger = stage.device(self.device).ledger
        end = ledger.count + self.count
        while ledger.count < end:
            rows = ledger.next(min(self.chunk, end - ledger.count), self.measurements)
            if await self._added(stage, rows.fields()):
                ledger.add(rows)

    @staticmethod
    async def _added(stage: Stage, fields: Json) -> bool:
        await stage.changes.until(
            lambda: stage.writer_open, _CHUNK_SECONDS, lambda: "The load waits for an open writer."
        )
        try:
            await stage.required("writer.add", fields, _CHUNK_SECONDS)
        except TesteeGone:
            stage.writer_open = False
            return False
        return True


@step("load.finish")
class FinishLoad(Step):
    """Waits until the load has added all its rows."""

    name: str = "load"
    within: float = 60.0

    async def run(self, stage: Stage) -> None:
        try:
            async with asyncio.timeout(self.within):
                await asyncio.shield(stage.background[self.name])
        except TimeoutError:
            raise ScenarioFailed(f"The load {self.name} did not end within {self.within:g} s.") from None


@step("load.waits")
class LoadWaits(Step):
    """The load has not ended, and its present chunk waits in the testee."""

    name: str = "load"

    async def run(self, stage: Stage) -> None:
        if stage.background[self.name].done():
            raise ScenarioFailed(f"The load {self.name} has ended, and should wait.")


@step("add.until")
class AddUntil(Step):
    """Adds chunks until one is refused with this error; that chunk is added again by the next step `add`."""

    error: Json
    chunk: int
    at_most: int
    device: str = "main"
    measurements: tuple[str, ...] = ("level",)
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        ledger = stage.device(self.device).ledger
        for _ in range(self.at_most):
            rows = ledger.next(self.chunk, self.measurements)
            try:
                await stage.ask("writer.add", rows.fields(), self.within)
            except TesteeError as failure:
                if complaint := mismatch(self.error, failure.error, "error"):
                    raise ScenarioFailed(f"writer.add: {complaint}") from None
                return
            ledger.add(rows)
        raise ScenarioFailed(f"{self.at_most} chunks were added, and none was refused.")
