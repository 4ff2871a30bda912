"""Members given to other associates in one step, so that the step can be taken back; whose members somebody is."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "assignment_batch",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("batch_id", base.IdType(length=16), nullable=False),
        sa.Column("from_id", base.IdType(length=16), nullable=False),
        sa.Column("to_id", base.IdType(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("follow_ups", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("made_by", base.IdType(length=16), nullable=False),
        sa.Column("made_at_ms", _BIG, nullable=False),
        sa.Column("voided_by", base.IdType(length=16), nullable=True),
        sa.Column("voided_at_ms", _BIG, nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "batch_id", name=op.f("pk_assignment_batch")),
    )
    op.create_index("ix_assignment_batch_scope_id_made_at_ms", "assignment_batch", ["scope_id", "made_at_ms"])
    op.create_table(
        "assignment",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("batch_id", base.IdType(length=16), nullable=False),
        sa.Column("row_id", base.IdType(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("home_scope_id", base.IdType(length=16), nullable=False),
        sa.Column("event_id", base.IdType(length=16), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "batch_id", "row_id", name=op.f("pk_assignment")),
    )
    op.create_index(
        "ix_binding_scope_id_owner_id_last_touch_ms", "binding", ["scope_id", "owner_id", "last_touch_ms"]
    )
    op.create_index(
        "ix_follow_up_scope_id_associate_id_state", "follow_up", ["scope_id", "associate_id", "state"]
    )
    op.create_index(
        "ix_interaction_scope_id_associate_id_occurred_at_ms", "interaction",
        ["scope_id", "associate_id", "occurred_at_ms"],
    )  # fmt: skip


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_interaction_scope_id_associate_id_occurred_at_ms", "interaction")
    op.drop_index("ix_follow_up_scope_id_associate_id_state", "follow_up")
    op.drop_index("ix_binding_scope_id_owner_id_last_touch_ms", "binding")
    op.drop_table("assignment")
    op.drop_table("assignment_batch")
