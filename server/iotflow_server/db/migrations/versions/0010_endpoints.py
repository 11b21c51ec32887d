"""The gateways that could not reach the device of a command, and the acknowledgements that MQTT clients have."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commands", sa.Column("unreachable_by", sa.Text))
    op.add_column("mqtt_sessions", sa.Column("received_until", sa.BigInteger))
    op.add_column("mqtt_sessions", sa.Column("held_since", sa.BigInteger, nullable=False, server_default="1"))
