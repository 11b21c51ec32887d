"""Everything that a scenario acts on: the server, what stands before it, the testee, and the devices."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients.conformance.administration import Administration
from clients.conformance.languages import ROOT, Language
from clients.conformance.ledger import Ledger
from clients.conformance.mqtt_door import MqttDoor
from clients.conformance.proxy import Proxy
from clients.conformance.relay import Relay
from clients.conformance.server import Server
from clients.conformance.testee import Json, Testee, TesteeError
from clients.conformance.waiting import Changes, ScenarioFailed
from clients.conformance.web_door import WebDoor

_VARIABLE = re.compile(r"\$\{([a-z_.]+)\}")


@dataclass(slots=True)
class Device:
    """A device of the scenario. key: the newest one that the runner knows."""

    id: int
    key: str
    ledger: Ledger = field(default_factory=Ledger)


class Stage:
    """folder: of the scenario, empty at first. variables: values that steps have saved, for ${name} in later steps."""

    def __init__(self, language: Language, server: Server, folder: Path) -> None:
        self.language = language
        self.server = server
        self.folder = folder
        self.admin = Administration(server.target, server.admin_token)
        self.proxy = Proxy(server.port)
        self.relay: Relay | None = None
        self._web_door: WebDoor | None = None
        self._mqtt_door: MqttDoor | None = None
        self.devices: dict[str, Device] = {}
        self.variables: Json = {
            "folder": str(folder / "queue"),
            "target": self.proxy.target,
            "port": self.proxy.port,
            "gateway_token": server.gateway_token,
            "admin_token": server.admin_token,
        }
        self.pending: dict[str, asyncio.Future[Json]] = {}
        self.background: dict[str, asyncio.Task[None]] = {}
        # Whether the testee has an open writer; a load waits for it after the testee was killed.
        self.writer_open = False
        self.changes = Changes()
        # Called at the end, the last one first.
        self.cleanups: list[Callable[[], None]] = []
        self.marked_memory = 0
        self._testee: Testee | None = None

    @property
    def testee(self) -> Testee:
        """The running testee."""
        if self._testee is None:
            raise ScenarioFailed("The testee does not run. Start it with testee.start.")
        return self._testee

    @property
    def testee_log(self) -> Path:
        """Standard error of all testees of the scenario."""
        return self.folder / "testee.log"

    @property
    def is_by_mqtt(self) -> bool:
        """Whether the target of the testee is a broker of MQTT."""
        return self._mqtt_door is not None

    async def open(self, *, with_relay: bool, by_mqtt: bool) -> None:
        """Start what stands before the server, and the testee; register the device `main`."""
        upstream = self.server.port
        if with_relay:
            self.relay = Relay(self.server.target)
            await self.relay.open()
            upstream = self.relay.port
        if by_mqtt:
            self._mqtt_door = MqttDoor(f"127.0.0.1:{upstream}", self.server.gateway_token, self.folder)
            await self._mqtt_door.open()
            upstream = self._mqtt_door.port
        elif self.language.grpc_web:
            self._web_door = WebDoor(upstream, self.folder / "envoy.log")
            await self._web_door.open()
            upstream = self._web_door.port
        self.proxy = Proxy(upstream)
        self.variables |= {"target": self.proxy.target, "port": self.proxy.port}
        # A broker of MQTT 3.1.1 does not tell the server that a device has a command.
        self.variables["unanswered"] = "queued" if by_mqtt else "delivered"
        await self.proxy.open()
        await self.start_testee({})
        await self.add_device("main", "sensor")

    async def start_testee(self, env: Mapping[str, str], prefix: Sequence[str] = ()) -> None:
        """Run a new testee process. prefix: the command that becomes the testee."""
        self._testee = await Testee.start([*prefix, *self.language.run], ROOT, env, self.testee_log)

    async def kill_testee(self) -> None:
        """End the testee as a crash does."""
        self.writer_open = False
        if self._testee:
            await self._testee.kill()

    async def add_device(self, name: str, device_type: str) -> None:
        """Register a device. ${name.id} and ${name.key} are its id and key from now on."""
        unique = f"{self.folder.name} {name}"
        device_id, key = await self.admin.register(unique, device_type)
        self.devices[name] = Device(device_id, key)
        self.variables[name] = {"id": device_id, "key": key, "name": unique}

    def device(self, name: str) -> Device:
        """A device of the scenario by its name there."""
        if name not in self.devices:
            raise ScenarioFailed(f"The scenario has no device {name}. Register it with the step `device`.")
        return self.devices[name]

    @staticmethod
    def now() -> float:
        """This machine's time, milliseconds since 1970 UTC."""
        return time.time() * 1000

    async def ask(self, do: str, fields: Json, within: float) -> Json:
        """Send a request to the testee and wait for its result. Raises as Testee.ask()."""
        result = await self.testee.ask(do, fields, within)
        if do == "writer.open":
            self.writer_open = True
            self.changes.notify()
        return result

    async def required(self, do: str, fields: Json, within: float) -> Json:
        """As ask(), where an error fails the scenario."""
        try:
            return await self.ask(do, fields, within)
        except TesteeError as error:
            raise ScenarioFailed(f"{do} failed: {error}") from None

    def resolve(self, value: Any) -> Any:
        """The value with each ${name} replaced, in mappings and lists too. A text that is one ${name} keeps its type."""
        if isinstance(value, Mapping):
            return {key: self.resolve(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(each) for each in value]
        if not isinstance(value, str):
            return value
        if whole := _VARIABLE.fullmatch(value):
            return self._variable(whole[1])
        return _VARIABLE.sub(lambda found: str(self._variable(found[1])), value)

    async def end(self) -> None:
        """End everything except the server."""
        for task in self.background.values():
            task.cancel()
        await asyncio.gather(*self.background.values(), return_exceptions=True)
        if self._testee:
            await self._testee.kill()
        await self.proxy.end()
        if self._web_door:
            await self._web_door.end()
        if self._mqtt_door:
            await self._mqtt_door.end()
        if self.relay:
            await self.relay.end()
        await self.admin.end()
        for cleanup in reversed(self.cleanups):
            cleanup()

    def _variable(self, path: str) -> Any:
        value: Any = self.variables
        for part in path.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise ScenarioFailed(f"No step has saved ${{{path}}}.")
            value = value[part]
        return value
