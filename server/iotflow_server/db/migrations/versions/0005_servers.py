"""The numbers of the servers that share the registry."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("identity", sa.String(400), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_servers"),
        sa.UniqueConstraint("identity", name="uq_servers_identity"),
    )
