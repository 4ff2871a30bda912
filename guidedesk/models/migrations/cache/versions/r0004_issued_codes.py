"""Codes of stores, invitations, and what came of each code by day."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _entity(name: str, *columns: sa.Column[Any]) -> None:
    keys = (_id("scope_id"), _id("id"), _big("row_ver"))
    last = _big("deleted_at_ms", nullable=True)
    op.create_table(name, *keys, *columns, last, sa.PrimaryKeyConstraint("scope_id", "id", name=op.f(f"pk_{name}")))


def upgrade() -> None:
    """Take this step."""
    _entity("store_code", _text("digits"), _id("store_id"), _text("state"), _big("issued_at_ms"))
    _entity(
        "invitation",
        _text("digits"),
        _id("staff_id"),
        _big("issued_at_ms"),
        _big("expires_at_ms"),
        _big("used_at_ms", nullable=True),
        _id("member_id", nullable=True),
    )
    _entity(
        "code_count",
        _text("digits"),
        _id("staff_id", nullable=True),
        _text("day"),
        _count("scanned"),
        _count("joined"),
    )
    for table, names in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, list(names))


def downgrade() -> None:
    """Take this step back."""
    for table, names in reversed(_INDEXES):
        op.drop_index(f"ix_{table}_{'_'.join(names)}", table)
    for table in ("code_count", "invitation", "store_code"):
        op.drop_table(table)


_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("staff_code", ("staff_id",)),
    ("invitation", ("staff_id", "issued_at_ms")),
    ("code_count", ("staff_id", "day")),
)
