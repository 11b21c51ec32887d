"""What people want devices to run with, beside what these report."""

from iotflow.v1 import admin_service_pb2
from iotflow_server.audit import Audit
from iotflow_server.auth.principal import caller
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.config.twin import difference
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.rpc.codec.encoding import made
from iotflow_server.rpc.codec.page_tokens import fitting, place, size_of, token_of
from iotflow_server.rpc.codec.wire_values import plain_struct, timestamp_of, to_struct

wire = admin_service_pb2


class TwinHandler:
    """The part of AdminService that is about configurations."""

    def __init__(self, registry: Registry, desired: DesiredConfigs, audit: Audit) -> None:
        self._registry = registry
        self._desired = desired
        self._audit = audit

    async def twin(self, request: wire.GetConfigTwinRequest) -> wire.GetConfigTwinResponse:
        """GetConfigTwin."""
        device = await self._registry.get(request.device_id)
        desired = await self._desired.get(device.id)
        return await made(lambda: _twin(device, desired), device.configuration, desired.document)

    async def set(self, request: wire.SetDesiredConfigRequest) -> wire.SetDesiredConfigResponse:
        """SetDesiredConfig."""
        document = plain_struct(request.configuration, "configuration")
        desired = await self._desired.set(request.device_id, document, _expected(request), caller().name)
        await self._note("config.set", desired)
        return wire.SetDesiredConfigResponse(
            status="success",
            message=_message(desired),
            device_id=desired.device_id,
            desired=to_struct(desired.document),
            desired_version=desired.version,
        )

    async def patch(self, request: wire.PatchDesiredConfigRequest) -> wire.PatchDesiredConfigResponse:
        """PatchDesiredConfig."""
        patch = plain_struct(request.patch, "patch")
        desired = await self._desired.patch(request.device_id, patch, _expected(request), caller().name)
        await self._note("config.patch", desired)
        return wire.PatchDesiredConfigResponse(
            status="success",
            message=_message(desired),
            device_id=desired.device_id,
            desired=to_struct(desired.document),
            desired_version=desired.version,
        )

    async def versions(self, request: wire.ListConfigVersionsRequest) -> wire.ListConfigVersionsResponse:
        """ListConfigVersions."""
        await self._registry.get(request.device_id)
        size = size_of(request)
        found = await self._desired.page(request.device_id, place(request.page_token) or None, size)
        versions = await run_in_compute_thread(lambda: [_version(desired) for desired in found])
        page = versions[: fitting(versions)]
        is_last = len(page) == len(versions) < size
        return wire.ListConfigVersionsResponse(
            status="success", versions=page, next_page_token="" if is_last else token_of(page[-1].version)
        )

    async def _note(self, action: str, desired: DesiredConfig) -> None:
        target = f"device:{desired.device_id}"
        await self._audit.record(caller().name, action, target, {"version": desired.version})


def _twin(device: Device, desired: DesiredConfig) -> wire.GetConfigTwinResponse:
    missing = difference(desired.document, device.configuration)
    return wire.GetConfigTwinResponse(
        status="success",
        device_id=device.id,
        desired=to_struct(desired.document),
        desired_version=desired.version,
        desired_changed_at=timestamp_of(desired.changed_at),
        desired_changed_by=desired.actor,
        reported=to_struct(device.configuration),
        difference=to_struct(missing),
        in_sync=not missing,
    )


def _expected(request: wire.SetDesiredConfigRequest | wire.PatchDesiredConfigRequest) -> int | None:
    return request.expected_version if request.HasField("expected_version") else None


def _message(desired: DesiredConfig) -> str:
    return f"Desired configuration is at version {desired.version}"


def _version(desired: DesiredConfig) -> wire.ConfigVersion:
    return wire.ConfigVersion(
        version=desired.version,
        desired=to_struct(desired.document),
        changed_by=desired.actor,
        changed_at=timestamp_of(desired.changed_at),
    )
