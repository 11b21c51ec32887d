"""Sessions of MQTT clients, and the times of their messages."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mqtt_sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("device_id", sa.Integer),
        sa.Column("username", sa.String(256), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("connection", sa.BigInteger, nullable=False),
        sa.Column("expiry", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("subscriptions", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mqtt_sessions"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_mqtt_sessions_device_id", ondelete="CASCADE"),
        sa.UniqueConstraint("client", name="uq_mqtt_sessions_client"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mqtt_sessions_device_id_username", "mqtt_sessions", ["device_id", "username"])
    given = sa.text("expires_at IS NOT NULL")
    op.create_index(
        "ix_mqtt_sessions_expires_at", "mqtt_sessions", ["expires_at"], sqlite_where=given, postgresql_where=given
    )
    op.create_table(
        "mqtt_deliveries",
        sa.Column("session_id", ID, nullable=False),
        sa.Column("slot", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("packet_id", sa.Integer, nullable=False),
        sa.Column("digest", sa.BigInteger, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "slot", name="pk_mqtt_deliveries"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["mqtt_sessions.id"], name="fk_mqtt_deliveries_session_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
