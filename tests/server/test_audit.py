"""The audit log: nobody changes it unseen (SECURITY.md A-5)."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from guidedesk.server.audit import record_audit, verify_audit
from guidedesk.server.database import ScopeWrite
from tests.server.shop import Shop

LOCKS = ("audit_no_update", "audit_no_delete")


def fill(shop: Shop, count: int) -> str:
    scope = shop.stores[0]

    def work(opened: ScopeWrite) -> None:
        for n in range(count):
            record_audit(opened, at_ms=n, actor=None, action="test", subject=f"s{n}", detail={"n": n})

    shop.database.write(scope, work)
    return scope


def test_the_database_refuses_to_change_it(shop: Shop) -> None:
    fill(shop, 3)
    for statement in ("UPDATE audit SET action = 'x'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match=shop.backend.refuses_change), shop.database.engine.begin() as conn:
            conn.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("spoil", "first_bad"),
    [
        ("UPDATE audit SET subject = 'other' WHERE n = 7 AND action = 'test'", 7),
        ("DELETE FROM audit WHERE n = 7 AND action = 'test'", 8),
        (
            "INSERT INTO audit SELECT scope_id, 21, at_ms, actor_id, actor_role, action, subject, detail, "
            "prev_hash, hash FROM audit WHERE n = 20 AND action = 'test'",
            21,
        ),
        ("UPDATE audit SET n = CASE n WHEN 7 THEN -8 WHEN 8 THEN -7 ELSE n END WHERE action = 'test'", -8),
    ],
)
def test_whoever_gets_past_the_locks_is_found(shop: Shop, spoil: str, first_bad: int) -> None:
    scope = fill(shop, 20)
    with shop.database.read() as conn:
        assert verify_audit(conn, scope).first_bad is None
    with shop.as_owner() as conn:
        if shop.database.is_sqlite:
            for lock in LOCKS:
                conn.exec_driver_sql(f"DROP TRIGGER {lock}")
        conn.exec_driver_sql(spoil)
    with shop.database.read() as conn:
        assert verify_audit(conn, scope).first_bad == first_bad


def test_setting_up_the_chain_is_in_the_log(shop: Shop) -> None:
    with shop.database.read() as conn:
        report = verify_audit(conn, shop.chain_id)
    assert (report.rows, report.first_bad) == (12, None)
