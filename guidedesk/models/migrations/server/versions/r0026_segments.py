"""What audiences are counted from, audiences, and tasks handed out for them."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "member_fact",
        _id("scope_id"),
        _id("member_id"),
        sa.Column("seq", _BIG, nullable=False),
        *_numbers("is_here", "is_home"),
        _id("owner_id", nullable=True),
        *_numbers("consents", "birthday", "hour", "in_store_on", "contacted_on", "touched_on", "tried_on"),
        sa.Column("orders", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("contacts_ms", sa.LargeBinary(), nullable=False),
        *_numbers("planned"),
        sa.PrimaryKeyConstraint("scope_id", "member_id", name=op.f("pk_member_fact")),
    )
    op.create_index("ix_member_fact_scope_id_seq", "member_fact", ["scope_id", "seq"])
    op.create_table(
        "member_fact_word",
        _id("scope_id"),
        *_texts("kind", "word"),
        *_numbers("number"),
        *_texts("name", "name_en"),
        sa.PrimaryKeyConstraint("scope_id", "kind", "word", name=op.f("pk_member_fact_word")),
    )
    op.create_table(
        "member_fact_mark",
        _id("scope_id"),
        *_numbers("epoch"),
        sa.Column("feed_seq", _BIG, nullable=False),
        sa.Column("fact_seq", _BIG, nullable=False),
        _id("rebuilt_to", nullable=True),
        sa.Column("counted_at_ms", _BIG, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_member_fact_mark")),
    )
    op.create_table(
        "segment",
        _id("scope_id"),
        _id("segment_id"),
        *_texts("name", "kind", "audience"),
        *_numbers("version"),
        _id("changed_by"),
        sa.Column("changed_at_ms", _BIG, nullable=False),
        *_numbers("members"),
        sa.Column("counted_at_ms", _BIG, nullable=False),
        sa.Column("deleted_at_ms", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "segment_id", name=op.f("pk_segment")),
    )
    op.create_table(
        "segment_member",
        _id("scope_id"),
        _id("segment_id"),
        _id("member_id"),
        _id("added_by", nullable=True),
        sa.Column("added_at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "segment_id", "member_id", name=op.f("pk_segment_member")),
    )
    op.create_table(
        "outreach",
        _id("scope_id"),
        _id("outreach_id"),
        _id("segment_id"),
        *_texts("name", "channel", "due_date", "template"),
        *_numbers("cap_week", "sent"),
        _id("sent_by"),
        sa.Column("sent_at_ms", _BIG, nullable=False),
        sa.Column("recalled_at_ms", _BIG, nullable=True),
        sa.Column("recalled", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("scope_id", "outreach_id", name=op.f("pk_outreach")),
    )
    op.create_index("ix_outreach_scope_id_segment_id_sent_at_ms", "outreach", ["scope_id", "segment_id", "sent_at_ms"])
    op.create_table(
        "outreach_task",
        _id("scope_id"),
        _id("outreach_id"),
        _id("member_id"),
        _id("follow_up_id"),
        _id("associate_id"),
        sa.PrimaryKeyConstraint("scope_id", "outreach_id", "member_id", name=op.f("pk_outreach_task")),
    )


def downgrade() -> None:
    """Take this step back."""
    for name in (
        "outreach_task", "outreach", "segment_member", "segment", "member_fact_mark", "member_fact_word", "member_fact",
    ):  # fmt: skip
        op.drop_table(name)
