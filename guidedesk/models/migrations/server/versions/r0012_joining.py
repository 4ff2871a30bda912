"""Codes sent to phones, pages opened, and people who joined from them."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _hash(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(length=32), nullable=False)


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "phone_check",
        _text("phone_hash"),
        _hash("code_hash"),
        _big("sent_at_ms"),
        _number("failures"),
        _number("sent_count"),
        _big("counted_from_ms"),
        _id("used_for", nullable=True),
        sa.PrimaryKeyConstraint("phone_hash", name=op.f("pk_phone_check")),
    )
    op.create_table(
        "page_scan",
        _id("scope_id"),
        _id("scan_id"),
        _id("staff_id", nullable=True),
        _text("kind"),
        _text("channel"),
        _number("assurance"),
        _big("at_ms"),
        sa.PrimaryKeyConstraint("scope_id", "scan_id", name=op.f("pk_page_scan")),
    )
    op.create_table(
        "join_record",
        _id("scope_id"),
        _id("join_id"),
        _id("member_id"),
        _text("phone_hash"),
        _hash("code_hash"),
        _id("staff_id", nullable=True),
        _text("channel"),
        _number("assurance"),
        _number("is_new"),
        _text("outcome"),
        _big("seen_at_ms"),
        _big("joined_at_ms"),
        _text("lang"),
        _text("evidence_hash"),
        sa.PrimaryKeyConstraint("scope_id", "join_id", name=op.f("pk_join_record")),
    )


def downgrade() -> None:
    """Take this step back."""
    for name in ("join_record", "page_scan", "phone_check"):
        op.drop_table(name)
