"""Facts of members are read on from the member where reading stopped, however many were folded at once."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.drop_index("ix_member_fact_scope_id_seq", "member_fact")
    op.create_index("ix_member_fact_scope_id_seq_member_id", "member_fact", ["scope_id", "seq", "member_id"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_member_fact_scope_id_seq_member_id", "member_fact")
    op.create_index("ix_member_fact_scope_id_seq", "member_fact", ["scope_id", "seq"])
