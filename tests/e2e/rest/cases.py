"""All rows of the REST tables."""

from tests.e2e.rest import (
    adapter_cases,
    admin_cases,
    device_cases,
    gateway_cases,
    legacy_cases,
    telemetry_cases,
    telemetry_refusals,
)

CASES = [
    *device_cases.CASES,
    *telemetry_cases.CASES,
    *telemetry_refusals.CASES,
    *admin_cases.CASES,
    *gateway_cases.CASES,
    *adapter_cases.CASES,
    *legacy_cases.CASES,
]
