"""Alembic environment of the journal database."""

from guidedesk.models import counter_tables  # noqa: F401  (fills the metadata)
from guidedesk.models.base import JOURNAL
from guidedesk.models.migrations.run import run

run(JOURNAL)
