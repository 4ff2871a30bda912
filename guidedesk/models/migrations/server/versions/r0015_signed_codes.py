"""Signed codes: keys told to counters, handles of cards, dynamic codes used; who joined on her phone."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=nullable)


def _entity(name: str, *columns: sa.Column[Any]) -> None:
    keys = (_id("scope_id"), _id("id"), _big("row_ver"))
    last = _big("deleted_at_ms", nullable=True)
    op.create_table(name, *keys, *columns, last, sa.PrimaryKeyConstraint("scope_id", "id", name=op.f(f"pk_{name}")))


def upgrade() -> None:
    """Take this step."""
    _entity("trust_list", _big("counter"), _text("document"), _text("signature"), _big("issued_at_ms"))
    _entity(
        "joining",
        _id("member_id"),
        _id("staff_id", nullable=True),
        _text("kind"),
        _text("channel"),
        sa.Column("is_new", sa.Integer(), nullable=False),
        _text("outcome"),
        _big("seen_at_ms"),
        _big("joined_at_ms"),
    )
    op.add_column("member_code", sa.Column("handle", sa.Text(), nullable=True))
    op.add_column("member_code", sa.Column("generation", sa.Integer(), nullable=True))
    op.create_table(
        "code_use",
        _text("handle"),
        _big("serial"),
        _id("op_id"),
        _id("scope_id"),
        _big("used_at_ms"),
        sa.PrimaryKeyConstraint("handle", "serial", name=op.f("pk_code_use")),
    )
    op.create_index("ix_member_code_scope_id_handle", "member_code", ["scope_id", "handle"])
    op.create_index("ix_joining_scope_id_joined_at_ms", "joining", ["scope_id", "joined_at_ms"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_joining_scope_id_joined_at_ms", "joining")
    op.drop_index("ix_member_code_scope_id_handle", "member_code")
    op.drop_table("code_use")
    op.drop_column("member_code", "generation")
    op.drop_column("member_code", "handle")
    for name in ("joining", "trust_list"):
        op.drop_table(name)
