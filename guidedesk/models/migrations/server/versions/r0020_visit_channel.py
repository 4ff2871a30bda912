"""How the code of a visit came in: by scanner, camera, picture."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.add_column("visit", sa.Column("channel", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    op.drop_column("visit", "channel")
