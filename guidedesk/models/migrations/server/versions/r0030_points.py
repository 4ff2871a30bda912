"""Points: rules, ledger, balances, redemptions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0030"
down_revision = "0032"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _entity(name: str, *columns: sa.Column[Any]) -> None:
    keys = (_id("scope_id"), _id("id"), _big("row_ver"))
    last = _big("deleted_at_ms", nullable=True)
    op.create_table(name, *keys, *columns, last, sa.PrimaryKeyConstraint("scope_id", "id", name=op.f(f"pk_{name}")))


def upgrade() -> None:
    """Take this step."""
    _entity("points_rules", _int("version"), _text("effective_from"), _text("document"))
    _entity(
        "points_entry",
        _id("member_id"),
        _text("kind"),
        _id("source_id"),
        _id("purchase_id", nullable=True),
        _big("points"),
        _int("rules_version"),
        *(_text(name, nullable=True) for name in ("tier", "lines", "order_no")),
        _big("amount_minor", nullable=True),
        _text("currency", nullable=True),
        _big("at_ms"),
        *(_id(name, nullable=True) for name in ("staff_id", "op_id")),
    )
    _entity("points_balance", _big("earned"), _big("spent"))
    op.create_table(
        "points_spend",
        *(_id(name) for name in ("member_id", "op_id")),
        _big("points"),
        _id("scope_id"),
        _big("at_ms"),
        sa.PrimaryKeyConstraint("member_id", "op_id", name=op.f("pk_points_spend")),
    )
    op.create_table(
        "points_call",
        _id("scope_id"),
        *(_text(name) for name in ("source", "key")),
        *(_id(name) for name in ("member_id", "op_id")),
        *(_big(name) for name in ("points", "at_ms")),
        sa.PrimaryKeyConstraint("scope_id", "source", "key", name=op.f("pk_points_call")),
    )
    for table, names in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, list(names))


def downgrade() -> None:
    """Take this step back."""
    for table, names in reversed(_INDEXES):
        op.drop_index(f"ix_{table}_{'_'.join(names)}", table)
    for table in ("points_call", "points_spend", "points_balance", "points_entry", "points_rules"):
        op.drop_table(table)


_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("points_entry", ("scope_id", "member_id", "at_ms")),
    ("points_entry", ("scope_id", "purchase_id")),
    ("points_balance", ("id", "scope_id")),
)
