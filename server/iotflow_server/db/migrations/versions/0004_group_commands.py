"""What the commands to a group have in common."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commands", sa.Column("group_command", sa.String(32)))
    op.add_column("commands", sa.Column("announced", sa.Boolean))
    held = sa.text("announced IS NOT NULL")
    op.create_index("ix_commands_announced", "commands", ["announced"], sqlite_where=held, postgresql_where=held)
