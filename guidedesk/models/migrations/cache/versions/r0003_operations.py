"""What changed about a member, her answers, her bindings and claimed receipts; badges of associates."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _entity(name: str, *columns: sa.Column[Any]) -> None:
    keys = (_id("scope_id"), _id("id"), _big("row_ver"))
    last = _big("deleted_at_ms", nullable=True)
    op.create_table(name, *keys, *columns, last, sa.PrimaryKeyConstraint("scope_id", "id", name=op.f(f"pk_{name}")))


def _columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    return {
        "consent": (_big("withdrawn_at_ms", nullable=True), _big("seen_ms", nullable=True)),
        "follow_up": (
            _id("moved_by", nullable=True),
            _big("moved_at_ms", nullable=True),
            _id("moved_op_id", nullable=True),
        ),
    }


def upgrade() -> None:
    """Take this step."""
    _entity(
        "member_change",
        _id("member_id"),
        _text("field"),
        _text("value", nullable=True),
        _text("phone_tail", nullable=True),
        _text("phone_hash", nullable=True),
        _id("changed_by", nullable=True),
        _big("changed_at_ms"),
        _id("op_id", nullable=True),
        sa.Column("is_refused", sa.Integer(), server_default="0", nullable=False),
    )
    _entity(
        "consent_answer",
        _id("member_id"),
        _text("purpose"),
        sa.Column("is_given", sa.Integer(), nullable=False),
        _text("text_version"),
        _text("lang"),
        _text("channel"),
        _id("staff_id", nullable=True),
        _big("answered_at_ms"),
        _id("op_id", nullable=True),
    )
    _entity(
        "binding_event",
        _id("member_id"),
        _id("associate_id", nullable=True),
        _id("store_id", nullable=True),
        _text("kind"),
        _big("occurred_at_ms"),
        _text("outcome"),
        _id("owner_id", nullable=True),
        _id("previous_owner_id", nullable=True),
    )
    _entity(
        "staff_code",
        _text("digits"),
        _id("staff_id"),
        _text("state"),
        _big("issued_at_ms"),
        _big("expires_at_ms", nullable=True),
    )
    _entity(
        "sale_claim",
        _id("member_id"),
        _text("receipt_no"),
        _id("associate_id"),
        _big("claimed_at_ms"),
        _text("state"),
        _id("purchase_id", nullable=True),
        _id("op_id", nullable=True),
    )
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    for table, names in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, list(names))


def downgrade() -> None:
    """Take this step back."""
    for table, names in reversed(_INDEXES):
        op.drop_index(f"ix_{table}_{'_'.join(names)}", table)
    for table, columns in _columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
    for table in ("sale_claim", "staff_code", "binding_event", "consent_answer", "member_change"):
        op.drop_table(table)


_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("member_change", ("member_id",)),
    ("consent_answer", ("member_id",)),
    ("binding_event", ("member_id",)),
    ("sale_claim", ("member_id",)),
    ("staff_code", ("digits",)),
)
