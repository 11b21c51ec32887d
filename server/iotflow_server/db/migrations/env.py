"""Run by Alembic inside the connection and transaction that migration.migrate has opened."""

from alembic import context

from iotflow_server.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite changes a column only by making the table anew.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
