"""A directory of card codes: which scope a scanned code's row lives in."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step, and enter every code there is."""
    op.create_table(
        "code_directory",
        sa.Column("digits", sa.Text(), nullable=False),
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.PrimaryKeyConstraint("digits", name=op.f("pk_code_directory")),
        info={"shard": "digits"},
    )
    op.execute(
        "INSERT INTO code_directory (digits, scope_id) SELECT digits, scope_id FROM "
        "(SELECT digits, scope_id FROM member_code UNION SELECT digits, scope_id FROM code_pool) AS known "
        "WHERE true ON CONFLICT (digits) DO NOTHING"
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("code_directory")
