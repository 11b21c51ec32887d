"""A service, and simulations against it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from iotflow.connection import Connection
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.engine import Engine, RunSettings
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.simulation import Conduct, Files, Reports, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario
from iotflow_simulators.verify.findings import Verification
from iotflow_simulators.verify.verification import verify_patiently
from tests.support.service import Service as RunningService

_NUMBERS = itertools.count()


def nothing(*_: object) -> None:
    """No report."""


@dataclass(frozen=True, slots=True)
class World:
    """service: as `iotflow up` runs it. folder: of the keys and the ledgers."""

    service: RunningService
    mqtt_port: int
    folder: Path

    @property
    def target(self) -> str:
        """The address of gRPC."""
        return f"127.0.0.1:{self.service.grpc_port}"

    async def simulated(
        self,
        scenario: Scenario,
        *,
        speed: float = 1.0,
        started: Callable[[Engine, LedgerWriter], None] = nothing,
        conduct: Conduct | None = None,
    ) -> tuple[Ledger, Measures]:
        """Run a scenario to its end."""
        rest, mqtt = f"127.0.0.1:{self.service.rest_port}", f"127.0.0.1:{self.mqtt_port}"
        service = Service(self.target, rest, mqtt, self.service.admin_token)
        simulation = Simulation(scenario, service, KeyStore(self.folder / "keys"), RunSettings(speed=speed))
        path = self.folder / f"ledger-{next(_NUMBERS)}"
        measures = await simulation.run(Files(path), Reports(nothing, started, nothing), conduct)
        return Ledger(path), measures

    async def verified(self, ledger: Ledger, wait: float = 20.0) -> Verification:
        """Compare a ledger with the store. wait: for readings that a broker still delivers."""
        async with Connection(self.target, token=self.service.admin_token) as connection:
            return await verify_patiently(ledger, connection, wait)
