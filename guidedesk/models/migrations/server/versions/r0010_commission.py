"""Commission: its events, versions of its rules, ledger and statements, and the projections of open months."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _int(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _hash(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(length=32), nullable=False)


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "commission_event",
        _id("scope_id"),
        _big("seq"),
        _text("event_id"),
        _text("type"),
        _big("at_ms"),
        _big("received_at_ms"),
        _id("device_id", nullable=True),
        _int("device_epoch", nullable=True),
        _big("device_seq", nullable=True),
        _text("member", nullable=True),
        _text("ref", nullable=True),
        _text("payload"),
        _hash("content_hash"),
        _hash("chain_hash"),
        sa.PrimaryKeyConstraint("scope_id", "seq", name=op.f("pk_commission_event")),
        sa.UniqueConstraint("scope_id", "event_id", name=op.f("uq_commission_event_scope_id_event_id")),
    )
    op.create_index("ix_commission_event_scope_id_member", "commission_event", ["scope_id", "member"], unique=False)
    op.create_index("ix_commission_event_scope_id_type", "commission_event", ["scope_id", "type"], unique=False)
    op.create_index("ix_commission_event_scope_id_ref", "commission_event", ["scope_id", "ref"], unique=False)
    op.create_table(
        "plan_version",
        _id("scope_id"),
        _text("plan"),
        _int("version"),
        _text("effective_from"),
        _text("body"),
        _text("hash"),
        _big("published_at_ms"),
        _id("published_by", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "plan", "version", name=op.f("pk_plan_version")),
    )
    op.create_table(
        "brand_config",
        _id("scope_id"),
        _int("version"),
        _text("effective_from"),
        _text("body"),
        _text("hash"),
        _big("set_at_ms"),
        _id("set_by", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "version", name=op.f("pk_brand_config")),
    )
    op.create_table(
        "ledger_line",
        _id("scope_id"),
        _text("posting_period"),
        _int("n"),
        _text("entry_id"),
        _text("beneficiary"),
        _text("origin_period"),
        _text("component"),
        _text("ref", nullable=True),
        _text("line", nullable=True),
        _big("amount"),
        _text("currency"),
        _big("confirms_at_ms", nullable=True),
        _text("why_json"),
        _text("statement_id", nullable=True),
        _hash("row_hash"),
        sa.PrimaryKeyConstraint("scope_id", "posting_period", "n", name=op.f("pk_ledger_line")),
        sa.UniqueConstraint("scope_id", "entry_id", name=op.f("uq_ledger_line_scope_id_entry_id")),
    )
    op.create_index(
        "ix_ledger_line_scope_id_beneficiary",
        "ledger_line",
        ["scope_id", "beneficiary", "posting_period"],
        unique=False,
    )
    op.create_index("ix_ledger_line_scope_id_ref", "ledger_line", ["scope_id", "ref"], unique=False)
    op.create_table(
        "statement",
        _id("scope_id"),
        _text("associate"),
        _text("period"),
        _big("carry_in"),
        _big("net"),
        _big("payable"),
        _big("carry_out"),
        _text("currency"),
        _int("line_count"),
        _text("hash"),
        _text("prev_hash", nullable=True),
        _big("closed_at_ms"),
        _id("closed_by", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "associate", "period", name=op.f("pk_statement")),
    )
    op.create_table(
        "period_close",
        _id("scope_id"),
        _text("period"),
        _text("heads"),
        _int("config_version"),
        _text("config_hash"),
        _text("plans"),
        _text("events_hash"),
        _int("line_count"),
        _hash("lines_hash"),
        _text("engine"),
        _text("hash"),
        _text("prev_hash", nullable=True),
        _text("forced_reason", nullable=True),
        _big("closed_at_ms"),
        _id("closed_by", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "period", name=op.f("pk_period_close")),
    )
    op.create_table(
        "commission_cover",
        _id("scope_id"),
        _id("of_scope"),
        _big("seq"),
        sa.PrimaryKeyConstraint("scope_id", "of_scope", name=op.f("pk_commission_cover")),
    )
    op.create_table(
        "open_line",
        _id("scope_id"),
        _text("entry_id"),
        _text("posting_period"),
        _text("beneficiary"),
        _text("origin_period"),
        _text("component"),
        _text("ref", nullable=True),
        _text("line", nullable=True),
        _big("amount"),
        _text("currency"),
        _big("confirms_at_ms", nullable=True),
        _text("why_json"),
        sa.PrimaryKeyConstraint("scope_id", "entry_id", name=op.f("pk_open_line")),
    )
    op.create_index(
        "ix_open_line_scope_id_beneficiary", "open_line", ["scope_id", "beneficiary", "posting_period"], unique=False
    )
    op.create_index("ix_open_line_scope_id_ref", "open_line", ["scope_id", "ref"], unique=False)
    op.create_table(
        "commission_flag",
        _id("scope_id"),
        _text("code"),
        _text("subject"),
        _big("first_seen_ms"),
        _text("verdict", nullable=True),
        _text("review_event", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "code", "subject", name=op.f("pk_commission_flag")),
    )
    op.create_table(
        "dispute",
        _id("scope_id"),
        _id("dispute_id"),
        _text("entry_id"),
        _text("line_key"),
        _text("beneficiary"),
        _id("store_id", nullable=True),
        _text("text"),
        _id("opened_by", nullable=True),
        _big("opened_at_ms"),
        _text("state"),
        _text("decision", nullable=True),
        _text("answer", nullable=True),
        _id("resolved_by", nullable=True),
        _big("resolved_at_ms", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "dispute_id", name=op.f("pk_dispute")),
    )
    op.create_table(
        "adjustment_proposal",
        _id("scope_id"),
        _id("proposal_id"),
        _text("associate"),
        _id("store_id", nullable=True),
        _big("amount"),
        _text("currency"),
        _text("reason"),
        _id("dispute_id", nullable=True),
        _id("proposed_by", nullable=True),
        _big("proposed_at_ms"),
        _text("state"),
        _id("decided_by", nullable=True),
        _big("decided_at_ms", nullable=True),
        _text("event_id", nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "proposal_id", name=op.f("pk_adjustment_proposal")),
    )
    op.create_table(
        "close_confirmation",
        _id("scope_id"),
        _text("period"),
        _id("store_id"),
        _id("confirmed_by"),
        _big("confirmed_at_ms"),
        sa.PrimaryKeyConstraint("scope_id", "period", "store_id", name=op.f("pk_close_confirmation")),
    )


def downgrade() -> None:
    """Take this step back."""
    for name in (
        "close_confirmation",
        "adjustment_proposal",
        "dispute",
        "commission_flag",
        "open_line",
        "commission_cover",
        "period_close",
        "statement",
        "ledger_line",
        "brand_config",
        "plan_version",
        "commission_event",
    ):
        op.drop_table(name)
