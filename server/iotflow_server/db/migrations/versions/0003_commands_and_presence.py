"""Which gateway was offered a command, what gateways said of devices' sessions, and what is looked for by time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
# Name, table, column, and which rows it holds.
INDEXES = (
    ("ix_devices_said_online", "devices", "said_online", "said_online"),
    ("ix_commands_expires_at", "commands", "expires_at", "expires_at IS NOT NULL AND finished_at IS NULL"),
    ("ix_commands_finished_at", "commands", "finished_at", "finished_at IS NOT NULL"),
)


def upgrade() -> None:
    op.add_column("devices", sa.Column("said_online", sa.Boolean))
    op.add_column("devices", sa.Column("said_at", TIME))
    op.add_column("commands", sa.Column("taken_by", sa.String(32)))
    op.add_column("commands", sa.Column("taken_until", TIME))
    for name, table, column, words in INDEXES:
        held = sa.text(words)
        op.create_index(name, table, [column], sqlite_where=held, postgresql_where=held)
    op.create_index("ix_desired_configurations_created_at", "desired_configurations", ["created_at"])
