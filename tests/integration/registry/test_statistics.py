"""The audit log, and counts over all devices."""

from datetime import UTC, datetime

from iotflow_server.audit import AuditEntry
from iotflow_server.devices.device import DeviceChanges, NewDevice
from iotflow_server.presence.last_seen import LastSeen
from tests.integration.registry.parts import Parts


async def test_the_audit_log_has_pages_newest_first(parts: Parts) -> None:
    for number in range(5):
        await parts.audit.record("token:me", "device.update", f"device:{number % 2}", {"number": number})
    await parts.audit.record("device:1", "device.delete", "device:1")

    newest = await parts.audit.page("", None, 4)
    assert newest[0] == AuditEntry(newest[0].id, parts.clock.now, "device:1", "device.delete", "device:1", {})
    rest = await parts.audit.page("", newest[-1].id, 4)
    assert [entry.details.get("number") for entry in newest + rest] == [None, 4, 3, 2, 1, 0]

    of_one = await parts.audit.page("device:1", None, 10)
    assert [entry.details.get("number") for entry in of_one] == [None, 3, 1]
    assert await parts.audit.page("device:9", None, 10) == []


async def test_devices_are_counted_by_common_properties(parts: Parts) -> None:
    for number, (kind, location) in enumerate([("pump", "hall"), ("lamp", "hall"), ("lamp", "roof"), ("lamp", "")]):
        await parts.registry.register(
            NewDevice(f"d{number}", kind, location=location, firmware_version="1.0"), actor="token:me"
        )
    device = await parts.registry.get_by_name("d0")
    assert device is not None
    await parts.registry.update(device.id, DeviceChanges(status="error"), actor="token:me")

    assert await parts.figures.by_status() == {"active": 3, "inactive": 0, "maintenance": 0, "error": 1}
    assert await parts.figures.grouped("device_type") == [("lamp", 3), ("pump", 1)]
    assert await parts.figures.grouped("location") == [("hall", 2), ("", 1), ("roof", 1)]
    assert await parts.figures.grouped("status") == [("active", 3), ("error", 1)]
    assert await parts.figures.grouped("firmware_version") == [("1.0", 4)]


async def test_registrations_are_counted_by_day(parts: Parts) -> None:
    await parts.make("too long ago")
    parts.clock.advance(days=1)
    await parts.make("on the first day")
    parts.clock.now = datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    await parts.make("yesterday")
    await parts.make("yesterday too")
    parts.clock.advance(microseconds=1)
    await parts.make("today")

    days = await parts.figures.registrations()

    assert [day for day, _ in days] == sorted(day for day, _ in days)
    assert (len(days), days[0], days[-1]) == (30, ("2026-02-01", 1), ("2026-03-02", 1))
    assert {day: count for day, count in days if count} == {"2026-02-01": 1, "2026-03-01": 2, "2026-03-02": 1}


async def test_recently_seen_devices_are_listed_and_counted(parts: Parts) -> None:
    made = [await parts.make(f"d{number}") for number in range(4)]
    last_seen = LastSeen(parts.database, clock=parts.clock)
    since = parts.clock.advance(minutes=1)
    for device in (made[2], made[0], made[1]):
        last_seen.record(device.id)
        parts.clock.advance(minutes=1)
    await last_seen.flush()

    assert [device.name for device in await parts.figures.recently_seen(2)] == ["d1", "d0"]
    assert await parts.figures.online(since) == 3
    assert await parts.figures.online(parts.clock.now) == 0
