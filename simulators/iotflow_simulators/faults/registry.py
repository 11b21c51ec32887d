"""All faults by kind."""

from iotflow_simulators.faults.base import FaultKind
from iotflow_simulators.faults.connection import CONNECTION_FAULTS
from iotflow_simulators.faults.stream import STREAM_FAULTS
from iotflow_simulators.faults.values import VALUE_FAULTS

FAULTS: dict[str, type[FaultKind]] = {kind.KIND: kind for kind in (*VALUE_FAULTS, *STREAM_FAULTS, *CONNECTION_FAULTS)}
