"""Blank invitations beside blank cards."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.add_column("blank_code", sa.Column("kind", sa.Text(), server_default="member", nullable=False))


def downgrade() -> None:
    """Take this step back."""
    op.drop_column("blank_code", "kind")
