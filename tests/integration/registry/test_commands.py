"""The states of commands, from queued to final."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from iotflow_server import errors
from iotflow_server.commands.command import CommandResult
from iotflow_server.commands.leases import CommandLeases
from iotflow_server.devices.device import DeviceChanges, NewDevice
from tests.integration.registry.parts import Parts

MINUTE = timedelta(minutes=1)


async def test_a_command_passes_through_its_states(parts: Parts) -> None:
    device = await parts.make()
    queued = await parts.commands.send(device.id, "blink", {"times": 3}, MINUTE, "", actor="token:me")
    assert (queued.state, queued.name, queued.parameters) == ("queued", "blink", {"times": 3})
    assert (queued.created_at, queued.expires_at) == (parts.clock.now, parts.clock.now + MINUTE)
    assert await parts.commands.open_count() == 1

    delivered_at = parts.clock.advance(seconds=1)
    [delivered] = await parts.commands.deliver(device.id)
    assert delivered == replace(queued, state="delivered", delivered_at=delivered_at)

    finished_at = parts.clock.advance(seconds=1)
    ended = await parts.commands.acknowledge(device.id, queued.id, "succeeded", {"blinked": 3})
    assert ended == replace(delivered, state="succeeded", finished_at=finished_at, result={"blinked": 3})
    assert await parts.commands.deliver(device.id) == []
    assert await parts.commands.open_count() == 0


async def test_commands_are_delivered_oldest_first_until_they_end(parts: Parts) -> None:
    device, other = await parts.make("a"), await parts.make("b")
    sent = [await parts.commands.send(device.id, f"c{number}", {}, None, "", actor="token:me") for number in range(3)]
    await parts.commands.send(other.id, "other", {}, None, "", actor="token:me")
    await parts.commands.deliver(device.id)
    await parts.commands.acknowledge(device.id, sent[1].id, "failed", None)
    newer = await parts.commands.send(device.id, "c3", {}, None, "", actor="token:me")

    delivered = await parts.commands.deliver(device.id)

    assert [command.id for command in delivered] == [sent[0].id, sent[2].id, newer.id]
    assert {command.state for command in delivered} == {"delivered"}
    assert await parts.commands.deliver(device.id) == delivered


async def test_an_expired_command_is_not_delivered(parts: Parts) -> None:
    device = await parts.make()
    late = await parts.commands.send(device.id, "open", {}, MINUTE, "", actor="token:me")
    kept = await parts.commands.send(device.id, "close", {}, None, "", actor="token:me")
    parts.clock.advance(minutes=1)

    assert await parts.commands.open_count() == 1
    assert [command.id for command in await parts.commands.deliver(device.id)] == [kept.id]
    with pytest.raises(errors.FailedPrecondition) as refusal:
        await parts.commands.acknowledge(device.id, late.id, "succeeded", None)
    assert refusal.value.reason == "COMMAND_ENDED"


@pytest.mark.parametrize(("left", "is_open"), [(timedelta(microseconds=1), True), (timedelta(0), False)])
async def test_a_command_can_be_delivered_until_its_last_moment(parts: Parts, left: timedelta, is_open: bool) -> None:
    known, new, announced = [await parts.make(name) for name in ("known", "new", "announced")]
    leases = CommandLeases(parts.database, parts.commands.changes, parts.clock)
    for device in (known, new):
        await parts.commands.send(device.id, "open", {}, MINUTE, "", actor="token:me")
    await parts.commands.deliver(known.id)
    await parts.registry.update(announced.id, DeviceChanges(device_type="valve"), actor="token:me")
    await parts.commands.send_to_group("valve", "open", {}, MINUTE, "", actor="token:me", announced=True)

    parts.clock.now += MINUTE - left

    assert await parts.commands.open_count() == 3 * is_open
    assert len(await leases.announcements()) == is_open
    assert len(await leases.take("gateway", 10)) == 2 * is_open
    assert len(await parts.commands.deliver(known.id)) == is_open
    assert len(await parts.commands.deliver(new.id)) == is_open
    await parts.commands.expire()
    states = {command.state for command in await parts.commands.page(0, "", None, 10)}
    assert states == ({"delivered", "queued"} if is_open else {"expired"})


async def test_a_result_after_the_expiry_of_the_command_is_accepted(parts: Parts) -> None:
    device = await parts.make()
    command = await parts.commands.send(device.id, "update", {}, MINUTE, "", actor="token:me")
    await parts.commands.deliver(device.id)
    parts.clock.advance(minutes=5)
    assert await parts.commands.deliver(device.id) == []

    ended = await parts.commands.acknowledge(device.id, command.id, "succeeded", None)
    assert ended.state == "succeeded"


async def test_an_idempotency_key_creates_one_command(parts: Parts) -> None:
    device, other = await parts.make("a"), await parts.make("b")
    sent = await asyncio.gather(
        *(parts.commands.send(device.id, "reboot", {}, None, "k", actor="token:me") for _ in range(8))
    )

    assert len({command.id for command in sent}) == 1
    assert (await parts.commands.send(other.id, "reboot", {}, None, "k", actor="token:me")).id != sent[0].id
    assert await parts.commands.open_count() == 2


async def test_an_idempotency_key_holds_after_the_end_of_its_command(parts: Parts) -> None:
    device = await parts.make()
    command = await parts.commands.send(device.id, "reboot", {}, None, "k", actor="token:me")
    ended = await parts.commands.acknowledge(device.id, command.id, "failed", {"why": "busy"})
    assert await parts.commands.send(device.id, "reboot", {}, None, "k", actor="token:me") == ended


async def test_requests_without_an_idempotency_key_create_separate_commands(parts: Parts) -> None:
    device = await parts.make()
    first = await parts.commands.send(device.id, "reboot", {}, None, "", actor="token:me")
    assert (await parts.commands.send(device.id, "reboot", {}, None, "", actor="token:me")).id != first.id


async def test_a_repeated_report_changes_nothing(parts: Parts) -> None:
    device = await parts.make()
    command = await parts.commands.send(device.id, "reboot", {}, None, "", actor="token:me")
    ended = await parts.commands.acknowledge(device.id, command.id, "succeeded", {"n": 1})
    parts.clock.advance(seconds=1)

    assert await parts.commands.acknowledge(device.id, command.id, "succeeded", {"n": 2}) == ended
    with pytest.raises(errors.FailedPrecondition):
        await parts.commands.acknowledge(device.id, command.id, "failed", None)


async def test_invalid_requests_are_rejected(parts: Parts) -> None:
    device, other = await parts.make("a"), await parts.make("b")
    command = await parts.commands.send(device.id, "reboot", {}, None, "", actor="token:me")

    with pytest.raises(errors.NotFound) as no_device:
        await parts.commands.send(999, "reboot", {}, None, "k", actor="token:me")
    assert no_device.value.reason == "DEVICE_NOT_FOUND"
    with pytest.raises(errors.NotFound) as not_its_own:
        await parts.commands.acknowledge(other.id, command.id, "succeeded", None)
    assert not_its_own.value.reason == "COMMAND_NOT_FOUND"
    with pytest.raises(errors.InvalidArgument) as no_outcome:
        await parts.commands.acknowledge(device.id, command.id, "queued", None)
    assert no_outcome.value.field == "state"


async def test_a_group_consists_of_the_devices_of_a_type(parts: Parts) -> None:
    members = [await parts.make(f"d{number}") for number in range(3)]
    suspended = await parts.make("suspended")
    await parts.registry.update(suspended.id, DeviceChanges(status="inactive"), actor="token:me")
    await parts.registry.register(NewDevice("of another type", "lamp"), actor="token:me")
    await parts.commands.send(members[0].id, "reboot", {}, None, "k", actor="token:me")

    outcome = await parts.commands.send_to_group("sensor", "reboot", {"n": 1}, MINUTE, "k", actor="token:me")
    again = await parts.commands.send_to_group("sensor", "reboot", {"n": 1}, MINUTE, "k", actor="token:me")

    assert (outcome.made, outcome.found, outcome.refused) == (2, 1, 0)
    assert (again.made, again.found) == (0, 3)
    assert [len(await parts.commands.page(device.id, "", None, 9)) for device in (*members, suspended)] == [1, 1, 1, 0]
    assert (await parts.commands.send_to_group("none", "x", {}, None, "", actor="token:me")).made == 0


async def test_the_number_of_unfinished_commands_of_a_device_is_limited(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iotflow_server.commands.transactions.MOST_OPEN", 2)
    device, other = await parts.make("a"), await parts.make("b")
    first, _ = [await parts.commands.send(device.id, "x", {}, None, f"{n}", actor="token:me") for n in range(2)]
    with pytest.raises(errors.LimitExceeded) as refusal:
        await parts.commands.send(device.id, "x", {}, None, "", actor="token:me")
    assert (refusal.value.reason, refusal.value.retry_after) == ("COMMANDS_WAITING", 60)
    # The command with this key exists already.
    assert await parts.commands.send(device.id, "x", {}, None, "0", actor="token:me") == first
    outcome = await parts.commands.send_to_group("sensor", "x", {}, None, "", actor="token:me")
    assert (outcome.made, outcome.refused) == (1, 1)
    await parts.commands.cancel(first.id, actor="token:me")
    await parts.commands.send(device.id, "x", {}, None, "", actor="token:me")
    assert len(await parts.commands.page(other.id, "", None, 9)) == 1


async def test_a_cancelled_command_is_not_delivered(parts: Parts) -> None:
    device = await parts.make()
    queued, delivered = [await parts.commands.send(device.id, name, {}, None, "", actor="token:me") for name in "ab"]
    cancelled = await parts.commands.cancel(queued.id, actor="token:me")
    assert (cancelled.state, cancelled.finished_at) == ("cancelled", parts.clock.now)
    assert await parts.commands.cancel(queued.id, actor="token:me") == cancelled
    await parts.commands.deliver(device.id)
    await parts.commands.cancel(delivered.id, actor="token:me")
    assert await parts.commands.deliver(device.id) == []
    with pytest.raises(errors.FailedPrecondition):
        await parts.commands.acknowledge(device.id, queued.id, "succeeded", None)
    # This one was delivered before.
    assert (await parts.commands.acknowledge(device.id, delivered.id, "succeeded", None)).state == "succeeded"
    with pytest.raises(errors.FailedPrecondition):
        await parts.commands.cancel(delivered.id, actor="token:me")
    with pytest.raises(errors.NotFound):
        await parts.commands.cancel(999, actor="token:me")


async def test_a_handover_is_recorded_once(parts: Parts) -> None:
    device = await parts.make()
    command = await parts.commands.send(device.id, "x", {}, None, "", actor="token:me")
    delivered = await parts.commands.hand_over(device.id, command.id)
    assert (delivered.state, delivered.delivered_at) == ("delivered", parts.clock.now)
    parts.clock.advance(seconds=1)
    assert await parts.commands.hand_over(device.id, command.id) == delivered
    cancelled = await parts.commands.cancel(command.id, actor="token:me")
    assert await parts.commands.hand_over(device.id, command.id) == cancelled
    with pytest.raises(errors.NotFound):
        await parts.commands.hand_over(999, command.id)


async def test_each_change_is_published_after_its_commit(parts: Parts) -> None:
    device = await parts.make()
    with parts.commands.changes.subscribe(device.id, lambda _: True) as listener:
        command = await parts.commands.send(device.id, "x", {}, MINUTE, "k", actor="token:me")
        await parts.commands.send(device.id, "x", {}, MINUTE, "k", actor="token:me")
        await parts.commands.deliver(device.id)
        await parts.commands.deliver(device.id)
        parts.clock.advance(minutes=1)
        await parts.commands.expire()
        for _ in range(2):
            await parts.commands.acknowledge(device.id, command.id, "failed", None)
        changes, missed = listener.take()
    assert [one.state for one in changes] == ["queued", "delivered", "expired", "failed"]
    assert not missed


async def test_a_subscriber_that_does_not_read_is_notified_of_a_gap(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iotflow_server.streams.change_feed.MOST_WAITING", 2)
    device = await parts.make()
    with parts.commands.changes.subscribe(None, lambda _: True) as listener:
        sent = [await parts.commands.send(device.id, "x", {}, None, "", actor="token:me") for _ in range(3)]
        assert listener.take() == ([], True)
        parts.commands.changes.publish(sent[:1])
        assert listener.take() == (sent[:1], False)


async def test_each_of_many_simultaneous_reports_is_accepted_or_rejected(parts: Parts) -> None:
    device = await parts.make()
    first, second = [(await parts.commands.send(device.id, "x", {}, None, "", actor="token:me")).id for _ in range(2)]
    outcomes = await parts.commands.record_results(
        [
            CommandResult(device.id, first, "delivered"),
            CommandResult(device.id, first, "succeeded", {"n": 1}),
            CommandResult(device.id, first, "failed"),
            CommandResult(device.id, 999, "delivered"),
            CommandResult(device.id, second, "unreachable"),
            CommandResult(device.id, second, "failed", {"why": "x"}),
        ]
    )
    results = [one.reason if isinstance(one, errors.DomainError) else one.state for one in outcomes]
    assert results == ["delivered", "succeeded", "COMMAND_ENDED", "COMMAND_NOT_FOUND", "queued", "failed"]
    assert (await parts.commands.get(first)).result == {"n": 1}


async def test_a_result_that_cannot_be_stored_does_not_affect_others(parts: Parts) -> None:
    device = await parts.make()
    first, second = [(await parts.commands.send(device.id, "x", {}, None, "", actor="token:me")).id for _ in range(2)]
    outcomes = await parts.commands.record_results(
        [
            CommandResult(device.id, first, "succeeded", {"n": float("nan")}),
            CommandResult(device.id, second, "succeeded"),
        ]
    )
    assert [isinstance(one, errors.InvalidArgument) for one in outcomes] == [True, False]
    assert [(await parts.commands.get(one)).state for one in (first, second)] == ["queued", "succeeded"]
