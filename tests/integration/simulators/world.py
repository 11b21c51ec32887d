"""A service, and simulations against it."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from iotflow.connection import Connection, Tls
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.engine import Engine, RunSettings
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.simulation import Conduct, Files, Reports, Service, Simulation
from iotflow_simulators.scenario.scenario import Scenario
from iotflow_simulators.verify.broker_kills import BrokerKill
from iotflow_simulators.verify.findings import Verification
from iotflow_simulators.verify.verification import verify_patiently
from tests.support.service import Service as RunningService

BROKERS = ("embedded", "mosquitto")
_NUMBERS = itertools.count()


def with_brokers(*doors: str) -> list[tuple[str, str]]:
    """Values of `door` and `world`: a door of MQTT with each broker; the others, which use none, once."""
    return [(door, broker) for door in doors for broker in (BROKERS if door.startswith("mqtt") else BROKERS[:1])]


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

    def doors(self, grpc: int, rest: int, mqtt: int, tls: Tls | None = None) -> Service:
        """The doors of the service at these ports."""
        addresses = [DoorAddress("127.0.0.1", port, tls) for port in (grpc, rest, mqtt)]
        return Service(addresses[0], addresses[1], addresses[2], self.service.admin_token)

    async def simulated(
        self,
        scenario: Scenario,
        *,
        speed: float = 1.0,
        started: Callable[[Engine, LedgerWriter], None] = nothing,
        conduct: Conduct | None = None,
        service: Service | None = None,
        drain: float = 60.0,
    ) -> tuple[Ledger, Measures]:
        """Run a scenario to its end. service: as its devices reach it. drain: seconds at the end for answers."""
        service = service or self.doors(self.service.grpc_port, self.service.rest_port, self.mqtt_port)
        simulation = Simulation(scenario, service, KeyStore(self.folder / "keys"), RunSettings(speed, drain))
        path = self.folder / f"ledger-{next(_NUMBERS)}"
        measures = await simulation.run(Files(path), Reports(nothing, started, nothing), conduct)
        return Ledger(path), measures

    async def verified(self, ledger: Ledger, wait: float = 20.0, kills: Sequence[BrokerKill] = ()) -> Verification:
        """Compare a ledger with the store. wait: for readings that a broker still delivers. kills: of Mosquitto."""
        async with Connection(self.target, token=self.service.admin_token) as connection:
            return await verify_patiently(ledger, connection, wait, kills=kills)
