"""Run the migrations on the connection that `app.runtime.migrations` hands over, inside its transaction."""

from alembic import context

from app.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # All or nothing on SQLite too: the transaction is ours, and its tables change within it like its rows.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
