"""Card numbers in the directory of codes, so that head office finds one without looking through every store."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step, and enter every card number there is."""
    op.create_index("ix_member_code_scope_id_typed", "member_code", ["scope_id", "typed"], unique=False)
    op.execute(
        "INSERT INTO code_directory (digits, scope_id) SELECT typed, scope_id FROM "
        "(SELECT typed, scope_id FROM member_code UNION SELECT typed, scope_id FROM code_pool) AS known "
        "WHERE typed IS NOT NULL ON CONFLICT (digits) DO NOTHING"
    )


def downgrade() -> None:
    """Take this step back."""
    op.execute("DELETE FROM code_directory WHERE length(digits) = 12")
    op.drop_index("ix_member_code_scope_id_typed", table_name="member_code")
