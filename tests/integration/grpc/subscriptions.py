"""Subscriptions to the live feed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import PATIENCE
from tests.integration.grpc.device import Caller


@contextmanager
def subscribed(stub: TelemetryServiceStub, caller: Caller, **asked: Any) -> Iterator[Any]:
    """A subscription that has received its first event, so that it is open."""
    call = stub.SubscribeTelemetry(wire.SubscribeTelemetryRequest(**asked), metadata=caller.metadata, timeout=PATIENCE)
    assert next(call).HasField("heartbeat")
    try:
        yield call
    finally:
        call.cancel()
