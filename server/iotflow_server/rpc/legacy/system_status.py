"""GetSystemStatus: the status page of the older service."""

import asyncio
import time

from iotflow.v1 import legacy_pb2
from iotflow.v1 import legacy_service_pb2 as wire
from iotflow.words import DeviceStatus
from iotflow_server import VERSION
from iotflow_server.errors import Unavailable
from iotflow_server.health import HEALTHY, HealthChecks
from iotflow_server.machine import Machine
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.fleet.statistics import DeviceCounter
from iotflow_server.telemetry.times import utc_now_ms

# The older service's names of the equivalent components.
CHECKS = {"telemetry_store": "iotdb", "live_bus": "redis"}


class SystemStatusHandler:
    """Reports health, metrics of the machine, and counts of devices."""

    def __init__(self, *, checks: HealthChecks, machine: Machine, counter: DeviceCounter) -> None:
        self._checks = checks
        self._machine = machine
        self._counter = counter
        self._started_at = time.monotonic()

    async def status(self) -> wire.GetSystemStatusResponse:
        """GetSystemStatus."""
        status, checks = await self._checks.run()
        named = {CHECKS.get(check.name, check.name): check for check in checks}
        return wire.GetSystemStatusResponse(
            status=status,
            timestamp=timestamp_ms(utc_now_ms()),
            checks={
                name: legacy_pb2.StatusCheck(
                    healthy=check.status == HEALTHY,
                    status="connected" if check.status == HEALTHY else "disconnected",
                    message=check.message,
                )
                for name, check in named.items()
            },
            metrics=legacy_pb2.StatusMetrics(
                system=await self._machine_metrics(),
                application=legacy_pb2.ApplicationMetrics(
                    version=VERSION, uptime_seconds=round(time.monotonic() - self._started_at, 3)
                ),
                devices=await self._device_counts(),
            ),
            failed_checks=[name for name, check in named.items() if check.status != HEALTHY],
        )

    async def _machine_metrics(self) -> legacy_pb2.MachineMetrics:
        found = await asyncio.to_thread(self._machine.figures)
        return legacy_pb2.MachineMetrics(
            cpu_percent=found.cpu_percent,
            memory_percent=found.memory_percent,
            memory_available_mb=found.memory_available_mb,
            disk_usage_percent=found.disk_usage_percent,
            load_average=found.load,
        )

    async def _device_counts(self) -> legacy_pb2.StatusDeviceCounts | None:
        """The counts of devices. None: the registry is unavailable, which the checks report."""
        try:
            counts = await self._counter.count()
        except Unavailable:
            return None
        return legacy_pb2.StatusDeviceCounts(
            total_devices=counts.total,
            active_devices=counts.by_status[DeviceStatus.ACTIVE],
            online_devices=counts.online,
            offline_devices=counts.offline,
        )
