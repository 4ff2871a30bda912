"""What the Team board stands on: shares of sales, sums by day, moves between tiers."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTS = (
    "sales", "interactions", "scans", "scans_bought", "served", "served_bought", "buyers", "repeaters",
)  # fmt: skip
_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("team_part", ("scope_id", "day", "kind")),
    ("team_part", ("scope_id", "member_id")),
    ("team_part", ("scope_id", "purchase_id")),
    ("team_move", ("scope_id", "day")),
    ("visit", ("scope_id", "occurred_at_ms")),
    ("interaction", ("scope_id", "occurred_at_ms")),
    ("follow_up", ("scope_id", "due_date")),
    ("member", ("scope_id", "joined_at_ms")),
)


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=nullable)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _name(table: str, columns: tuple[str, ...]) -> str:
    shown = columns[:2] if columns[-1] == "kind" else columns
    return f"ix_{table}_{'_'.join(shown)}"


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "team_cover", _id("scope_id"), _text("kind"), _id("of_scope"), _big("seq"),
        sa.PrimaryKeyConstraint("scope_id", "kind", "of_scope", name=op.f("pk_team_cover")),
    )  # fmt: skip
    op.create_table(
        "team_part", _id("scope_id"), _id("source_id"), _text("who"), _text("kind"), _id("purchase_id"),
        _id("home_scope_id"), _int("day"), _int("slot"), _big("at_ms"), _id("member_id", nullable=True),
        _big("amount_minor"), _big("total_minor"), _count("is_head"),
        sa.PrimaryKeyConstraint("scope_id", "source_id", "who", name=op.f("pk_team_part")),
    )  # fmt: skip
    op.create_table(
        "team_day", _id("scope_id"), _int("day"), _text("who"), _big("sales_minor"), _big("sold_minor"),
        *(_count(name) for name in _COUNTS),
        sa.PrimaryKeyConstraint("scope_id", "day", "who", name=op.f("pk_team_day")),
    )  # fmt: skip
    op.create_table(
        "team_move", _id("scope_id"), _id("member_id"), _int("day"), _text("from_tier"), _text("to_tier"),
        sa.PrimaryKeyConstraint("scope_id", "member_id", "day", name=op.f("pk_team_move")),
    )  # fmt: skip
    for table, columns in _INDEXES:
        op.create_index(_name(table, columns), table, list(columns))
    is_merged = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "ix_member_scope_id_merged_into", "member", ["scope_id", "merged_into"],
        sqlite_where=is_merged, postgresql_where=is_merged,
    )  # fmt: skip


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_member_scope_id_merged_into", "member")
    for table, columns in reversed(_INDEXES):
        op.drop_index(_name(table, columns), table)
    for table in ("team_move", "team_day", "team_part", "team_cover"):
        op.drop_table(table)
