"""Alembic environment of the server database."""

from guidedesk.models import (  # noqa: F401  (fills the metadata)
    care,
    coupons,
    engagement,
    gatherings,
    join_tables,
    people,
    points,
    sales,
    server_tables,
)
from guidedesk.models.base import SERVER
from guidedesk.models.migrations.run import run

run(SERVER)
