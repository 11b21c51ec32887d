"""Copies the devices of the older service, and reports the result."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from iotflow_cli import local_defaults
from iotflow_cli.console import UsageError, write_line
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.auth.secret_files import KEY_SECRET, WeakSecret, kept_secret
from iotflow_server.db import legacy_database, legacy_migration
from iotflow_server.db.database import Database
from iotflow_server.db.engines import dialect_url
from iotflow_server.db.legacy_migration import Plan, Present
from iotflow_server.errors import Unavailable
from iotflow_server.settings import WrongSettings, load_settings

SHOWN_NOTES = 50


@dataclass(frozen=True, slots=True)
class TargetRegistry:
    """The registry that gets the devices. hasher: with the server's secret."""

    url: str
    hasher: KeyHasher


@dataclass(frozen=True, slots=True)
class Migration:
    """lines: for people. data: for programs. exit_code: 0 where all devices are in the registry."""

    lines: Sequence[str]
    data: dict[str, Any]
    exit_code: int


def migrate(source_url: str, data_dir: Path, *, dry_run: bool) -> int:
    """Copy the devices, and write what was done; the exit code. Raises UsageError."""
    done = copied(source_url, data_dir, dry_run=dry_run)
    for line in done.lines:
        write_line(line)
    return done.exit_code


def copied(source_url: str, data_dir: Path, *, dry_run: bool) -> Migration:
    """Copy the devices. Raises UsageError."""
    try:
        source = legacy_database.older_database(source_url)
        if source is None:
            raise UsageError(
                f"There is no database of the older service at {_shown(source_url)}. Name it with --from, or in DATABASE_URL."
            )
        target = _target(data_dir, dry_run=dry_run)
        devices = legacy_database.older_devices(source)
        plan = asyncio.run(_migrated(devices, target, dry_run=dry_run))
        users = legacy_database.older_users(source)
    except (SQLAlchemyError, Unavailable, ValueError, WrongSettings, WeakSecret, OSError) as error:
        raise UsageError(f"The devices cannot be copied: {error}") from None
    places = [f"from  {_shown(source)}: {len(devices)} devices", f"to    {_shown(target.url)}"]
    return Migration(
        [*places, *_report(plan, users, target, dry_run=dry_run)],
        {
            "from": _shown(source),
            "to": _shown(target.url),
            "devices": len(devices),
            "added": 0 if plan.conflicts or dry_run else len(plan.rows),
            "to_add": len(plan.rows),
            "existing": plan.known,
            "conflicts": list(plan.conflicts),
            "notes": list(plan.notes),
            "users_left_out": users,
        },
        1 if plan.conflicts else 0,
    )


def is_older(url: str) -> bool:
    """Whether the URL names the database of the older service. Raises UsageError."""
    try:
        return bool(url) and legacy_database.older_database(url) is not None
    except (SQLAlchemyError, ValueError, OSError) as error:
        raise UsageError(f"The database of DATABASE_URL cannot be read: {error}") from None


def _target(data_dir: Path, *, dry_run: bool) -> TargetRegistry:
    url = local_defaults.chosen().get("IOTFLOW_DATABASE_URL") or f"sqlite:///{data_dir}/registry.db"
    if legacy_database.older_database(url):
        raise UsageError(
            "IOTFLOW_DATABASE_URL names the older service's database, which is left as it is. Name another registry."
        )
    secret = load_settings().key_secret.get_secret_value()
    if not secret and dry_run and not (data_dir / KEY_SECRET).exists():
        secret = "replaced by the first run without --dry-run"  # noqa: S105
    if not secret:
        data_dir.mkdir(parents=True, exist_ok=True)
    return TargetRegistry(url, KeyHasher((secret or kept_secret(data_dir, KEY_SECRET)).encode()))


async def _migrated(devices: Sequence[dict[str, Any]], target: TargetRegistry, *, dry_run: bool) -> Plan:
    database = Database(target.url)
    try:
        if not dry_run:
            await database.start()
        here = await legacy_migration.present(database) if await database.exists() else Present({}, frozenset())
        plan = legacy_migration.plan(devices, here, target.hasher)
        if not dry_run and not plan.conflicts:
            await legacy_migration.carry_out(database, plan.rows)
        return plan
    finally:
        await database.close()


def _report(plan: Plan, users: int, target: TargetRegistry, *, dry_run: bool) -> Iterator[str]:
    yield from (*plan.conflicts[:SHOWN_NOTES], *plan.notes[:SHOWN_NOTES])
    if more := max(0, len(plan.conflicts) - SHOWN_NOTES) + max(0, len(plan.notes) - SHOWN_NOTES):
        yield f"… and {more} more lines"
    if users:
        yield f"{users} user accounts are not copied: make tokens instead (POST /api/v1/admin/tokens)"
    if plan.conflicts:
        yield "nothing was changed: choose an empty registry, or remove the devices with these ids"
        return
    verb = "would be added" if dry_run else "added"
    yield f"{len(plan.rows)} devices {verb}, {plan.known} already existed; their keys stay valid"
    if not dry_run:
        yield f"now start with IOTFLOW_DATABASE_URL={_shown(target.url)}, which takes precedence over DATABASE_URL"


def _shown(url: "str | URL") -> str:
    """The URL without its password."""
    return dialect_url(str(url)).render_as_string(hide_password=True).replace("+psycopg", "")
