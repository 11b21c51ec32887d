"""Steps that act as an administrator, and that check what the server has."""

from typing import Any

from clients.conformance.ledger import FIRST_TIME, STEP
from clients.conformance.matching import mismatch
from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.waiting import ScenarioFailed, poll


@step("device")
class RegisterDevice(Step):
    """Registers a device; ${name.id}, ${name.key} and ${name.name} are its id, key and name."""

    name: str
    device_type: str = "sensor"

    async def run(self, stage: Stage) -> None:
        await stage.add_device(self.name, self.device_type)


@step("key.reset")
class ResetKey(Step):
    """Replaces a device's key; ${name.key} is the new one. The old one is valid for `grace_seconds`."""

    device: str = "main"
    grace_seconds: int = 0

    async def run(self, stage: Stage) -> None:
        device = stage.device(self.device)
        device.key = await stage.admin.reset_key(device.id, self.grace_seconds)
        stage.variables[self.device]["key"] = device.key


@step("key.valid")
class KeyValid(Step):
    """Waits until the server accepts a key, or until it does not."""

    key: str
    valid: bool
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        key = stage.resolve(self.key)

        async def complaint() -> str:
            found = await stage.admin.is_key_valid(key)
            return mismatch(self.valid, found, "the validity of the key")

        await poll(complaint, self.within)


@step("device.status")
class SetStatus(Step):
    """Sets a device's status, such as inactive and active."""

    device: str = "main"
    status: str

    async def run(self, stage: Stage) -> None:
        await stage.admin.set_status(stage.device(self.device).id, self.status)


@step("command.send")
class SendCommand(Step):
    """Queues a command; its id is saved as a variable."""

    device: str = "main"
    name: str = "blink"
    parameters: dict[str, Any] = {}
    save: str

    async def run(self, stage: Stage) -> None:
        stage.variables[self.save] = await stage.admin.send_command(
            stage.device(self.device).id, self.name, stage.resolve(self.parameters)
        )


@step("command")
class CheckCommand(Step):
    """Waits until a command matches: its `state` and `result`."""

    id: str
    matches: dict[str, Any]
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        command_id = int(stage.resolve(self.id))

        async def complaint() -> str:
            return mismatch(stage.resolve(self.matches), await stage.admin.command(command_id), "the command")

        await poll(complaint, self.within)


@step("config.set")
class SetConfiguration(Step):
    """Sets the desired configuration; its version is saved as a variable."""

    device: str = "main"
    desired: dict[str, Any]
    save: str = ""

    async def run(self, stage: Stage) -> None:
        version = await stage.admin.set_configuration(stage.device(self.device).id, stage.resolve(self.desired))
        if self.save:
            stage.variables[self.save] = version


@step("config.reported")
class ReportedConfiguration(Step):
    """Waits until the configuration that the device last reported matches."""

    device: str = "main"
    matches: dict[str, Any]
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        device = stage.device(self.device)

        async def complaint() -> str:
            found = await stage.admin.reported_configuration(device.id)
            return mismatch(self.matches, found, "the reported configuration")

        await poll(complaint, self.within)


@step("readings")
class StoreReadings(Step):
    """Stores readings as another writer of the device: value first + i at the i-th time from `offset` on, a second apart."""

    device: str = "main"
    count: int
    first: float = 0.0
    offset: int = 0
    measurement: str = "level"

    async def run(self, stage: Stage) -> None:
        values = [self.first + i for i in range(self.count)]
        start = FIRST_TIME + STEP * self.offset
        await stage.admin.submit(stage.device(self.device).key, start, STEP, values, self.measurement)


@step("columns")
class StoredColumns(Step):
    """Waits until the stored values of a device are these: [time, value] pairs by measurement."""

    device: str = "main"
    values: dict[str, list[tuple[int, Any]]]
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        device = stage.device(self.device)
        expected = {name: [(time, value) for time, value in pairs] for name, pairs in self.values.items()}

        async def complaint() -> str:
            stored = await stage.admin.stored(device.id)
            found = {
                name: list(zip(times.tolist(), values.tolist(), strict=True))
                for name, (times, values) in stored.items()
            }
            return mismatch(expected, found, "the stored values")

        await poll(complaint, self.within)


@step("stored_near_now")
class StoredNearNow(Step):
    """All `count` stored rows of a device have times within `seconds` of this machine's clock, each a time of its own."""

    device: str = "main"
    count: int
    seconds: float = 5.0

    async def run(self, stage: Stage) -> None:
        times, now = await stage.admin.stored_times(stage.device(self.device).id), stage.now()
        if len(times) != self.count:
            raise ScenarioFailed(f"{len(times)} rows are stored, and {self.count} are expected.")
        if far := [time for time in times if abs(time - now) > self.seconds * 1000]:
            raise ScenarioFailed(f"{len(far)} rows have wrong times; the first is {(far[0] - now) / 1000:.1f} s off.")
