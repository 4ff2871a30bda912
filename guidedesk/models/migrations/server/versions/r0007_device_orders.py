"""What a counter is told when it is taken off, and when it reported that its data is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take this step."""
    op.add_column("device", sa.Column("order_mode", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("ordered_at_ms", _BIG, nullable=True))
    op.add_column("device", sa.Column("wiped_at_ms", _BIG, nullable=True))


def downgrade() -> None:
    """Take this step back."""
    with op.batch_alter_table("device") as batch:
        batch.drop_column("wiped_at_ms")
        batch.drop_column("ordered_at_ms")
        batch.drop_column("order_mode")
