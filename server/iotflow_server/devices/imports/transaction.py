"""The transaction of an import: the registration of the devices of one message, with their audit entry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, insert, select, text, update

from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.db.models import DeviceRow, ImportRow
from iotflow_server.devices.imports.batch import Candidate, Imported, Outcome, Rejected
from iotflow_server.devices.imports.new_rows import insert_devices

# An arbitrary number that other users of the PostgreSQL database do not use.
LOCK = 0x10F110
NEVER_USED = and_(
    DeviceRow.last_seen.is_(None), DeviceRow.reported_at.is_(None), DeviceRow.previous_key_until.is_(None)
)
# Built once: they run for every batch, and take longer to build than to run.
BY_NAME = select(DeviceRow.id, DeviceRow.name, DeviceRow.import_id, NEVER_USED.label("never_used")).where(
    DeviceRow.name.in_(bindparam("names", expanding=True))
)
IMPORT = select(ImportRow.id).where(ImportRow.uuid == bindparam("uuid"))
NEW_IMPORT = insert(ImportRow).returning(ImportRow.id)
# The former key may be known to the device after all: it stays valid until the first use of the new one. Of several former keys
# the first one stays.
FORMER_KEY = case(
    (
        and_(DeviceRow.previous_key_hash.is_not(None), DeviceRow.previous_key_until.is_(None)),
        DeviceRow.previous_key_hash,
    ),
    else_=DeviceRow.key_hash,
)
RENEW = (
    update(DeviceRow.__table__)  # type: ignore[arg-type]
    .where(DeviceRow.id == bindparam("device"))
    .values(
        previous_key_hash=FORMER_KEY,
        key_hash=bindparam("key_hash"),
        mqtt_verifier=bindparam("mqtt_verifier"),
        updated_at=bindparam("now", type_=DeviceRow.updated_at.type),
    )
)


@dataclass(frozen=True, slots=True)
class Batch:
    """uuid: the import's id, chosen by the caller. was_used: whether a device was in contact that its row does not have yet.
    is_repeated: whether the same stream has registered a device."""

    uuid: str
    actor: str
    candidates: Sequence[Candidate]
    was_used: Callable[[int], bool]
    is_repeated: Callable[[int], bool]


def register_batch(connection: Connection, batch: Batch, now: datetime) -> Outcome:
    """Register the devices whose names are free, and renew the keys of those that the import has registered before.

    Raises IntegrityError if another transaction registers one of the names at the same time.
    """
    _serialize(connection)
    import_id = _import_id(connection, batch.uuid, now)
    plan = _plan(connection, batch, import_id)
    registered = list(zip(_new_ids(connection, len(plan.fresh)), plan.fresh, strict=True))
    if registered:
        insert_devices(connection, registered, import_id, now)
    if plan.renewed:
        connection.execute(RENEW, [_renewal(device_id, one, now) for device_id, one in plan.renewed])
    outcome = _outcome(registered, plan)
    if outcome.imported:
        audit.add(connection, _entry(batch, now, outcome))
    return outcome


@dataclass(slots=True)
class _Plan:
    """renewed, taken: with the ids of the devices that have the names. repeated: names that the stream has registered before."""

    fresh: list[Candidate] = field(default_factory=list)
    renewed: list[tuple[int, Candidate]] = field(default_factory=list)
    taken: list[tuple[int, Candidate]] = field(default_factory=list)
    repeated: list[Candidate] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)


def _plan(connection: Connection, batch: Batch, import_id: int) -> _Plan:
    names = [one.new.name for one in batch.candidates]
    rows = {row.name: row for row in connection.execute(BY_NAME, {"names": names})}
    plan, seen = _Plan(ids={name: row.id for name, row in rows.items()}), set[str]()
    for one in batch.candidates:
        row = rows.get(one.new.name)
        if one.new.name in seen or (row is not None and batch.is_repeated(row.id)):
            plan.repeated.append(one)
        elif row is None:
            plan.fresh.append(one)
        elif row.import_id == import_id and row.never_used and not batch.was_used(row.id):
            plan.renewed.append((row.id, one))
        else:
            plan.taken.append((row.id, one))
        seen.add(one.new.name)
    return plan


def _serialize(connection: Connection) -> None:
    """Wait for other imports, so that the new ids of a batch have only ids of single registrations between them.

    On SQLite the transaction has the write lock already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _import_id(connection: Connection, uuid: str, now: datetime) -> int:
    found = connection.scalar(IMPORT, {"uuid": uuid})
    return found or connection.scalars(NEW_IMPORT, {"uuid": uuid, "created_at": now}).one()


def _new_ids(connection: Connection, count: int) -> Sequence[int]:
    """Ids that no device ever had."""
    if not count:
        return ()
    if connection.dialect.name == "postgresql":
        next_id = func.nextval(func.pg_get_serial_sequence("devices", "id"))
        return connection.scalars(select(next_id).select_from(func.generate_series(1, count))).all()
    # SQLite's AUTOINCREMENT keeps the highest id that was ever inserted.
    last = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'devices'")) or 0
    return range(last + 1, last + 1 + count)


def _renewal(device_id: int, one: Candidate, now: datetime) -> dict[str, Any]:
    return {"device": device_id, "key_hash": one.key_hash, "mqtt_verifier": one.mqtt_verifier, "now": now}


def _outcome(registered: Sequence[tuple[int, Candidate]], plan: _Plan) -> Outcome:
    ids = [device_id for device_id, _ in registered]
    known = plan.ids | {one.new.name: device_id for device_id, one in registered}
    imported = [Imported(one.index, device_id, one.key) for device_id, one in (*registered, *plan.renewed)]
    rejected = [_taken(one, device_id) for device_id, one in plan.taken]
    return Outcome(
        imported=sorted(imported, key=lambda one: one.index),
        rejected=[*rejected, *(_repeated(one, known[one.new.name]) for one in plan.repeated)],
        first_id=min(ids, default=0),
        last_id=max(ids, default=0),
        renewed=[device_id for device_id, _ in plan.renewed],
    )


def _entry(batch: Batch, now: datetime, outcome: Outcome) -> NewEntry:
    names = {one.index: one.new.name for one in batch.candidates}
    details: dict[str, Any] = {
        "registered": len(outcome.imported) - len(outcome.renewed),
        "keys_renewed": len(outcome.renewed),
        "first_name": names[outcome.imported[0].index],
        "last_name": names[outcome.imported[-1].index],
        "first_id": min(one.device_id for one in outcome.imported),
        "last_id": max(one.device_id for one in outcome.imported),
    }
    return NewEntry(now, batch.actor, "device.import", f"import:{batch.uuid}", details)


def _repeated(one: Candidate, device_id: int) -> Rejected:
    message = f"The name {one.new.name!r} occurs twice in this import."
    return Rejected(one.index, "NAME_REPEATED", message, device_id)


def _taken(one: Candidate, device_id: int) -> Rejected:
    message = f"There is a device named {one.new.name!r} already: device {device_id}."
    return Rejected(one.index, "NAME_TAKEN", message, device_id)
