"""Columns are named after what they hold: the presence that a gateway reported, and the lease of a command."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Table, former name, name.
COLUMNS = (
    ("devices", "said_online", "reported_online"),
    ("devices", "said_at", "reported_at"),
    ("commands", "taken_by", "leased_by"),
    ("commands", "taken_until", "leased_until"),
)


def upgrade() -> None:
    op.drop_index("ix_devices_said_online", "devices")
    for table, former, name in COLUMNS:
        _rename(table, former, name)
    _index("reported_online")


def downgrade() -> None:
    op.drop_index("ix_devices_reported_online", "devices")
    for table, former, name in COLUMNS:
        _rename(table, name, former)
    _index("said_online")


def _rename(table: str, before: str, after: str) -> None:
    """Rename a column in place. Alembic would copy the whole table on SQLite, which renames columns since version 3.25."""
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {before} TO {after}")


def _index(column: str) -> None:
    held = sa.text(column)
    op.create_index(f"ix_devices_{column}", "devices", [column], sqlite_where=held, postgresql_where=held)
