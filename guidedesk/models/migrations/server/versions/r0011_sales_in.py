"""Sales nobody is known for, returns that wait for their sale, programs that may push orders."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=False)


def _table(name: str, keys: int, *columns: sa.Column[Any]) -> None:
    names = [column.name for column in columns[:keys]]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{name}")))


def upgrade() -> None:
    """Take this step."""
    _table(
        "order_waiting", 3, _text("order_external_id"), _text("source"), _text("external_id"), _text("payload"),
        _text("content_hash"), _big("received_at_ms"),
    )  # fmt: skip
    _table("recognition_mark", 2, _text("mark"), _id("purchase_id"), _id("scope_id"), _big("noted_at_ms"))
    _table("member_external", 2, _text("external_id"), _text("source"), _id("member_id"), _id("home_scope_id"))
    _table("sale_unmatched", 2, _id("scope_id"), _id("purchase_id"), _text("reason"), _text("shown"),
           _big("noted_at_ms"))  # fmt: skip
    _table(
        "order_source", 2, _id("scope_id"), _text("source"), sa.Column("generation", sa.Integer(), nullable=False),
        _big("previous_until_ms"), _text("state"), _big("changed_at_ms"),
    )  # fmt: skip
    _table("webhook_seen", 3, _id("scope_id"), _text("source"), _text("call_id"), _text("body_hash"), _big("at_ms"))
    op.create_index("ix_webhook_seen_scope_id_at_ms", "webhook_seen", ["scope_id", "at_ms"])
    op.create_index("ix_purchase_return_scope_id_purchase_id", "purchase_return", ["scope_id", "purchase_id"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_purchase_return_scope_id_purchase_id", table_name="purchase_return")
    op.drop_index("ix_webhook_seen_scope_id_at_ms", table_name="webhook_seen")
    for name in ("webhook_seen", "order_source", "sale_unmatched", "member_external", "recognition_mark",
                 "order_waiting"):  # fmt: skip
        op.drop_table(name)
