"""Dates of members' families, and what members wish for."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0011"
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


def _entity(name: str, *columns: sa.Column[Any]) -> None:
    keys = (_id("scope_id"), _id("id"), _big("row_ver"))
    last = _big("deleted_at_ms", nullable=True)
    op.create_table(name, *keys, *columns, last, sa.PrimaryKeyConstraint("scope_id", "id", name=op.f(f"pk_{name}")))


def upgrade() -> None:
    """Take this step."""
    _entity(
        "family_date",
        _id("member_id"),
        *(_text(name) for name in ("relation", "event", "month_day")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("is_of_age", "is_on")),
        _id("changed_by"),
        _big("changed_at_ms"),
        _id("op_id", nullable=True),
    )
    _entity(
        "wish",
        _id("member_id"),
        _text("sku", nullable=True),
        *(_text(name) for name in ("words", "size", "colour")),
        _text("until_date", nullable=True),
        _id("associate_id"),
        _big("wished_at_ms"),
        _text("ended"),
        _id("ended_by", nullable=True),
        _big("ended_at_ms", nullable=True),
        _id("end_op_id", nullable=True),
    )
    for table in ("family_date", "wish"):
        op.create_index(f"ix_{table}_member_id", table, ["member_id"])


def downgrade() -> None:
    """Take this step back."""
    for table in ("wish", "family_date"):
        op.drop_index(f"ix_{table}_member_id", table)
        op.drop_table(table)
