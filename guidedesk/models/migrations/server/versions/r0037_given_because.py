"""Who gave a member to another associate, and why, in her history."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

_TABLES = ("member_contact", "binding_event")


def upgrade() -> None:
    """Take this step."""
    for table in _TABLES:
        op.add_column(table, sa.Column("given_by", base.IdType(length=16), nullable=True))
        op.add_column(table, sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    for table in reversed(_TABLES):
        op.drop_column(table, "reason")
        op.drop_column(table, "given_by")
