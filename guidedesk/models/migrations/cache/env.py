"""Alembic environment of the cache database."""

from guidedesk.models import counter_tables  # noqa: F401  (fills the metadata)
from guidedesk.models.base import CACHE
from guidedesk.models.migrations.run import run

run(CACHE)
