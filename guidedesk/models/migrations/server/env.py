"""Alembic environment of the server database."""

from guidedesk.models import (  # noqa: F401  (fills the metadata)
    care,
    engagement,
    gatherings,
    join_tables,
    people,
    sales,
    server_tables,
)
from guidedesk.models.base import SERVER
from guidedesk.models.migrations.run import run

run(SERVER)
