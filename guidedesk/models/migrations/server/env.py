"""Alembic environment of the server database."""

from guidedesk.models import care, engagement, join_tables, people, sales, server_tables  # noqa: F401  (fills the metadata)
from guidedesk.models.base import SERVER
from guidedesk.models.migrations.run import run

run(SERVER)
