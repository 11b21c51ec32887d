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
        # In place: Alembic would copy the whole table on SQLite, which renames columns since version 3.25.
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {former} TO {name}")
    held = sa.text("reported_online")
    op.create_index(
        "ix_devices_reported_online", "devices", ["reported_online"], sqlite_where=held, postgresql_where=held
    )
