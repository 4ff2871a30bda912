"""When a phone number was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("phone_directory", sa.Column("claimed_at_ms", big, nullable=True))


def downgrade() -> None:
    """Take this step back."""
    op.drop_column("phone_directory", "claimed_at_ms")
