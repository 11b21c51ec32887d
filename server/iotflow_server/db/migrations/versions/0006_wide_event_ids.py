"""64 bits for the numbers of commands and audit entries. SQLite's integers have them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("commands", "audit")


def upgrade() -> None:
    _set_type(sa.Integer(), sa.BigInteger(), "bigint")


def downgrade() -> None:
    _set_type(sa.BigInteger(), sa.Integer(), "integer")


def _set_type(old: sa.types.TypeEngine[int], new: sa.types.TypeEngine[int], name: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.alter_column(table, "id", existing_type=old, type_=new, existing_nullable=False)
        op.execute(f"ALTER SEQUENCE {table}_id_seq AS {name}")
