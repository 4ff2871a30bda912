"""What a transaction leaves to be done in other scopes after its commit (SYNC.md 3: wider effects).

Two kinds: a row that other stores must see, and something to be brought up to date in the scope where it lives: a
member or her binding at her home, a card that is void now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from guidedesk.domain.ids import derived_id
from guidedesk.models.server_tables import fanout_task
from guidedesk.server.database import ScopeWrite
from guidedesk.server.visibility import insert_missing

FoldKind = Literal["member", "binding", "card", "coupon"]
FOLD: Final = "fold:"


def add_tasks(opened: ScopeWrite, rows: Sequence[tuple[str, str, int]]) -> None:
    """Note (table, row id, version) of rows of this scope that other stores must get. `target_scope` equal to
    the scope itself means: all that may see the member."""
    if not rows:
        return
    insert_missing(
        opened.conn,
        fanout_task,
        [
            {
                "scope_id": opened.scope_id,
                "task_id": derived_id("fanout", tbl, row_id, row_ver),
                "target_scope": opened.scope_id,
                "tbl": tbl,
                "row_id": row_id,
                "row_ver": row_ver,
            }
            for tbl, row_id, row_ver in rows
        ],
    )


def add_folds(opened: ScopeWrite, folds: Sequence[tuple[FoldKind, str, str, str]]) -> None:
    """Note (what, home scope, member or card, cause) to be folded. The cause keeps a task apart from one that is being
    carried out right now and has not seen what this transaction writes."""
    if not folds:
        return
    insert_missing(
        opened.conn,
        fanout_task,
        [
            {
                "scope_id": opened.scope_id,
                "task_id": derived_id("fold", kind, member_id, cause),
                "target_scope": home,
                "tbl": FOLD + kind,
                "row_id": member_id,
                "row_ver": 0,
            }
            for kind, home, member_id, cause in folds
        ],
    )
