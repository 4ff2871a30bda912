"""What a decider does before its first push decides operations and leaves nothing."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from guidedesk.models.base import SERVER
from guidedesk.server.context import ServerContext
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.warming import warm_up
from tests.server.shop import Shop

# Not all: the shop's own server sweeps meanwhile.
WRITTEN: Final = (
    "scope", "device", "staff", "member", "scope_grant", "op_log", "op_personal", "device_op", "visit", "interaction",
    "member_tag", "follow_up", "commission_event",
)  # fmt: skip


def rows(shop: Shop) -> dict[str, int]:
    with shop.database.read() as conn:
        return {
            name: conn.execute(select(func.count()).select_from(SERVER.tables[name])).scalar_one() for name in WRITTEN
        }


def test_everything_is_accepted_and_nothing_is_there_afterwards(shop: Shop) -> None:
    context = ServerContext.create(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    before, wanted = rows(shop), 0 if shop.backend.name == "sqlite" else 24
    assert [warm_up(context), warm_up(context)] == [wanted, wanted]
    assert rows(shop) == before
