"""Devices, tokens, commands, desired configurations, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_devices()
    create_tokens()
    create_commands()
    create_desired_configurations()
    create_audit()


def create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("folded_name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("device_type", sa.String(50), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("location", sa.String(200), nullable=False),
        sa.Column("firmware_version", sa.String(50), nullable=False),
        sa.Column("hardware_version", sa.String(50), nullable=False),
        sa.Column("configuration", sa.JSON, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("previous_key_hash", sa.String(64)),
        sa.Column("previous_key_until", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("last_seen", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("name", name="uq_devices_name"),
        sa.UniqueConstraint("key_hash", name="uq_devices_key_hash"),
        sqlite_autoincrement=True,
    )
    for column in ("previous_key_hash", "last_seen"):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_devices_{column}", "devices", [column], sqlite_where=given, postgresql_where=given)


def create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("name", name="uq_tokens_name"),
        sa.UniqueConstraint("secret_hash", name="uq_tokens_secret_hash"),
        sqlite_autoincrement=True,
    )


def create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("device_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("delivered_at", TIME),
        sa.Column("finished_at", TIME),
        sa.Column("expires_at", TIME),
        sa.Column("result", sa.JSON),
        sa.Column("idempotency_key", sa.String(100)),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_commands_device_id", ondelete="CASCADE"),
        sa.UniqueConstraint("device_id", "idempotency_key", name="uq_commands_device_id_idempotency_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_commands_state_device_id", "commands", ["state", "device_id"])


def create_desired_configurations() -> None:
    op.create_table(
        "desired_configurations",
        sa.Column("device_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "version", name="pk_desired_configurations"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_desired_configurations_device_id", ondelete="CASCADE"
        ),
    )


def create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("timestamp", TIME, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_target_id", "audit", ["target", "id"])
