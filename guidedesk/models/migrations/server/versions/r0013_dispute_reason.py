"""Why an associate disputes a line, as the word of the screen."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    with op.batch_alter_table("dispute") as batch:
        batch.add_column(sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take this step back."""
    with op.batch_alter_table("dispute") as batch:
        batch.drop_column("reason")
