"""What the home page counts and what search orders by, found without reading everybody."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.drop_index("ix_member_initials", "member")
    op.create_index("ix_member_initials_name", "member", ["initials", "name"])
    op.create_index("ix_member_registered_by", "member", ["registered_by", "joined_at_ms"])
    op.create_index("ix_member_tag_tag", "member_tag", ["tag", "member_id"])
    op.create_index("ix_visit_occurred_at_ms", "visit", ["occurred_at_ms"])
    op.create_index("ix_interaction_associate_id", "interaction", ["associate_id", "occurred_at_ms"])
    op.create_index("ix_follow_up_done", "follow_up", ["done_at_ms"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_follow_up_done", "follow_up")
    op.drop_index("ix_interaction_associate_id", "interaction")
    op.drop_index("ix_visit_occurred_at_ms", "visit")
    op.drop_index("ix_member_tag_tag", "member_tag")
    op.drop_index("ix_member_registered_by", "member")
    op.drop_index("ix_member_initials_name", "member")
    op.create_index("ix_member_initials", "member", ["initials"])
