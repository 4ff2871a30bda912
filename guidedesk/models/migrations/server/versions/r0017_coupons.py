"""Coupons: campaigns, who was given one, where it was used, leases of counters."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
        "coupon_campaign",
        _int("number"),
        *(_text(name) for name in ("name", "name_en", "terms", "terms_en", "kind")),
        _big("value_minor"),
        _int("percent_bp", "0"),
        _big("threshold_minor"),
        _text("currency"),
        _big("ends_at_ms"),
        _int("week_count"),
        _big("week_minor"),
        _int("is_active", "1"),
    )
    _entity(
        "coupon",
        _text("handle"),
        _int("campaign_no"),
        *(_id(name) for name in ("member_id", "staff_id", "device_id")),
        _text("state"),
        *(_big(name) for name in ("value_minor", "issued_at_ms", "expires_at_ms")),
        _big("redeemed_at_ms", nullable=True),
        _id("redeemed_store_id", nullable=True),
    )
    _entity(
        "coupon_use",
        _text("handle"),
        _int("campaign_no"),
        *(_id(name) for name in ("member_id", "staff_id", "device_id")),
        _big("value_minor"),
        _int("is_final"),
        _id("override_by", nullable=True),
        _int("assurance"),
        _big("used_at_ms"),
        _id("op_id"),
    )
    op.create_table(
        "coupon_lease",
        _id("scope_id"),
        _text("handle"),
        _text("digits"),
        _int("campaign_no"),
        _id("device_id"),
        _text("state"),
        _big("expires_at_ms"),
        _big("leased_at_ms"),
        sa.PrimaryKeyConstraint("scope_id", "handle", name=op.f("pk_coupon_lease")),
    )
    op.create_table(
        "coupon_directory",
        _text("handle"),
        _id("scope_id"),
        _int("campaign_no"),
        _big("expires_at_ms"),
        _id("used_op_id", nullable=True),
        _id("used_scope_id", nullable=True),
        _big("used_at_ms", nullable=True),
        sa.PrimaryKeyConstraint("handle", name=op.f("pk_coupon_directory")),
    )
    for table, names in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, list(names))


def downgrade() -> None:
    """Take this step back."""
    for table, names in reversed(_INDEXES):
        op.drop_index(f"ix_{table}_{'_'.join(names)}", table)
    for table in ("coupon_directory", "coupon_lease", "coupon_use", "coupon", "coupon_campaign"):
        op.drop_table(table)


_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("coupon", ("scope_id", "member_id")),
    ("coupon", ("scope_id", "staff_id", "issued_at_ms")),
    ("coupon_use", ("scope_id", "device_id", "used_at_ms")),
    ("coupon_lease", ("scope_id", "device_id")),
)
