"""Alembic's entry: runs the registry's migrations on the connection that `orchestration.registry.migrate` gives it."""

from alembic import context

from orchestration.registry.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema="registry",
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
