"""What the three Alembic environments share: steps run in the caller's transaction, no log configuration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import MetaData


def run(metadata: MetaData) -> None:
    """Run the steps asked for on the connection given by `migrations.upgrade`."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite cannot alter most things in place; Alembic copies the table instead.
        render_as_batch=True,
        transactional_ddl=True,
        compare_type=True,
        user_module_prefix="base.",
    )
    context.run_migrations()
