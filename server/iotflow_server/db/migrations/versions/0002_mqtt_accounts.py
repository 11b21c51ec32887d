"""What brokers check a device's key by; devices of before have it when they rotate their keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("devices", sa.Column("mqtt_verifier", sa.String(200)))
