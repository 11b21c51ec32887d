"""ConfigService: desired configurations, and their difference from the reported configurations."""

from iotflow.v1 import config_pb2, config_service_pb2, config_service_pb2_grpc
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.config.twin import difference
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.rpc.codec.page_tokens import after_id, first_page, size_of, token_of
from iotflow_server.rpc.codec.wire_values import build_in_thread, plain_struct, timestamp_of, to_struct

wire = config_service_pb2


class ConfigService(config_service_pb2_grpc.ConfigServiceServicer):
    """config_service.proto specifies each RPC."""

    def __init__(self, *, registry: Registry, desired: DesiredConfigs) -> None:
        self._registry = registry
        self._desired = desired

    async def GetConfigTwin(self, request: wire.GetConfigTwinRequest, _context: Context) -> wire.GetConfigTwinResponse:
        device = await self._registry.get(request.device_id)
        desired = await self._desired.get(device.id)
        return await build_in_thread(lambda: _twin(device, desired), device.configuration, desired.document)

    async def SetDesiredConfig(
        self, request: wire.SetDesiredConfigRequest, context: Context
    ) -> wire.SetDesiredConfigResponse:
        document = plain_struct(request.configuration, "configuration")
        desired = await self._desired.set(request.device_id, document, _expected(request), principal_of(context).name)
        return wire.SetDesiredConfigResponse(
            message=_message(desired),
            device_id=desired.device_id,
            desired=to_struct(desired.document),
            desired_version=desired.version,
        )

    async def PatchDesiredConfig(
        self, request: wire.PatchDesiredConfigRequest, context: Context
    ) -> wire.PatchDesiredConfigResponse:
        patch = plain_struct(request.patch, "patch")
        desired = await self._desired.patch(request.device_id, patch, _expected(request), principal_of(context).name)
        return wire.PatchDesiredConfigResponse(
            message=_message(desired),
            device_id=desired.device_id,
            desired=to_struct(desired.document),
            desired_version=desired.version,
        )

    async def ListConfigVersions(
        self, request: wire.ListConfigVersionsRequest, _context: Context
    ) -> wire.ListConfigVersionsResponse:
        await self._registry.get(request.device_id)
        size = size_of(request)
        found = await self._desired.page(request.device_id, after_id(request.page_token) or None, size + 1)
        versions = await run_in_compute_thread(lambda: [_version(desired) for desired in found])
        page, more = first_page(versions, size, lambda last: token_of(last.version))
        return wire.ListConfigVersionsResponse(versions=page, next_page_token=more)


def _twin(device: Device, desired: DesiredConfig) -> wire.GetConfigTwinResponse:
    missing = difference(desired.document, device.configuration)
    return wire.GetConfigTwinResponse(
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


def _version(desired: DesiredConfig) -> config_pb2.ConfigVersion:
    return config_pb2.ConfigVersion(
        version=desired.version,
        desired=to_struct(desired.document),
        changed_by=desired.actor,
        changed_at=timestamp_of(desired.changed_at),
    )
