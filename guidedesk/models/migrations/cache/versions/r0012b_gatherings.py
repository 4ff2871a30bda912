"""Gatherings of a store, and who signed up for them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0012b"
down_revision = "0012"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INDEXES: tuple[tuple[str, ...], ...] = (("member_id",), ("gathering_id",))


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _int(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def _entity(name: str, *columns: sa.Column[Any]) -> None:
    keys = (_id("scope_id"), _id("id"), _big("row_ver"))
    last = _big("deleted_at_ms", nullable=True)
    op.create_table(name, *keys, *columns, last, sa.PrimaryKeyConstraint("scope_id", "id", name=op.f(f"pk_{name}")))


def upgrade() -> None:
    """Take this step."""
    _entity(
        "gathering",
        *(_text(name) for name in ("title", "title_en", "topic", "topic_en", "place")),
        *(_big(name) for name in ("starts_at_ms", "ends_at_ms")),
        _int("seats"),
        *(_int(name, "0") for name in ("taken", "waiting", "turns")),
        _id("host_id", nullable=True),
        _int("is_cancelled", "0"),
    )
    _entity(
        "gathering_seat",
        *(_id(name) for name in ("gathering_id", "member_id")),
        _text("state"),
        _int("turn", "0"),
        _text("attendance"),
        _id("signed_by"),
        _big("asked_at_ms"),
        _id("changed_by"),
        _big("changed_at_ms"),
        _id("op_id", nullable=True),
    )
    for names in _INDEXES:
        op.create_index(f"ix_gathering_seat_{'_'.join(names)}", "gathering_seat", list(names))


def downgrade() -> None:
    """Take this step back."""
    for names in reversed(_INDEXES):
        op.drop_index(f"ix_gathering_seat_{'_'.join(names)}", "gathering_seat")
    for table in ("gathering_seat", "gathering"):
        op.drop_table(table)
