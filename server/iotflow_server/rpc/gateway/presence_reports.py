"""ReportPresence: connections, disconnections and signs of life of devices, reported by a gateway."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from iotflow.v1 import gateway_service_pb2, presence_pb2
from iotflow.words import DeviceStatus, Presence
from iotflow_server.commands.leases import CommandLeases
from iotflow_server.devices.device import Device, device_inactive, utc_now
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.last_seen import LastSeen, SessionReport
from iotflow_server.presence.online import Online

wire = gateway_service_pb2


class PresenceReportHandler:
    """Records valid reports, and responds with the rejected ones."""

    def __init__(self, *, registry: Registry, last_seen: LastSeen, online: Online, leases: CommandLeases) -> None:
        self._registry = registry
        self._last_seen = last_seen
        self._online = online
        self._leases = leases

    async def record(self, request: wire.ReportPresenceRequest) -> wire.ReportPresenceResponse:
        """Record the reports; they are durable on return. Raises Unavailable."""
        reports = request.reports
        devices = await self._registry.get_many(list({report.device_id for report in reports}))
        rejected = list(_rejections(reports, {device.id: device for device in devices}))
        rejected_at = {item.index for item in rejected}
        await self._record([report for index, report in enumerate(reports) if index not in rejected_at])
        return wire.ReportPresenceResponse(accepted=len(reports) - len(rejected), rejected=rejected)

    async def _record(self, reports: Sequence[presence_pb2.PresenceReport]) -> None:
        now = utc_now()
        session_reports = []
        for report in reports:
            at = _time(report, now)
            if report.state != Presence.OFFLINE:
                self._last_seen.record(report.device_id, at)
            if report.state != Presence.HEARTBEAT:
                session_reports.append(SessionReport(report.device_id, report.state == Presence.ONLINE, at))
        if session_reports:
            await self._online.record(session_reports)
        if reachable := {report.device_id for report in reports if report.state != Presence.OFFLINE}:
            await self._leases.release_for(reachable)


def _rejections(
    reports: Sequence[presence_pb2.PresenceReport], devices: dict[int, Device]
) -> Iterator[presence_pb2.PresenceRejection]:
    for index, report in enumerate(reports):
        device = devices.get(report.device_id)
        if device is None:
            yield _rejection(index, report, "DEVICE_NOT_FOUND", f"There is no device {report.device_id}.")
        elif device.status == DeviceStatus.INACTIVE and report.state != Presence.OFFLINE:
            error = device_inactive(report.device_id)
            yield _rejection(index, report, error.reason, error.message)
        elif not _is_time(report.timestamp):
            yield _rejection(index, report, "INVALID_TIME", "The time must be in the years 1 to 9999.")


def _rejection(
    index: int, report: presence_pb2.PresenceReport, reason: str, message: str
) -> presence_pb2.PresenceRejection:
    return presence_pb2.PresenceRejection(index=index, device_id=report.device_id, reason=reason, message=message)


def _is_time(timestamp: Timestamp) -> bool:
    try:
        timestamp.ToDatetime(UTC)
    except ValueError:
        return False
    return True


def _time(report: presence_pb2.PresenceReport, now: datetime) -> datetime:
    return min(now, report.timestamp.ToDatetime(UTC)) if report.HasField("timestamp") else now
