"""Operations that tests make again and again."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import select, update

from guidedesk.codes.trust import DYNAMIC_LIFE_S, EPOCH_S
from guidedesk.domain.people import mask_phone, phone_hash, phone_tail
from guidedesk.models.server_tables import code_pool, device
from guidedesk.server.code_lookup import announce_codes
from guidedesk.server.rows import put_row
from guidedesk.services.operations import LogInteraction, RecordVisit, RegisterMember
from guidedesk.services.sealing import seal
from guidedesk.sync.protocol import SCHEMA
from tests.server.shop import Counter, Shop

PHONE = "+8613812348000"


def registration(shop: Shop, name: str = "沈知微", phone: str | None = None, **more: Any) -> RegisterMember:
    if phone is not None:
        box = seal(phone.encode(), shop.secrets.sealing_public(), shop.random)
        more |= {
            "phone_masked": mask_phone(phone),
            "phone_tail": phone_tail(phone),
            "phone_hash": phone_hash(phone, shop.secrets.phone_key),
            "phone_sealed": base64.b64encode(box).decode(),
        }
    return RegisterMember(member_id=shop.new_id(), name=name, consents=(("service", True),), **more)


def joined(shop: Shop, counter: Counter, **more: Any) -> str:
    operation = registration(shop, **more)
    assert counter.do(operation)["status"] == "accepted"
    return operation.member_id


def with_card(shop: Shop, counter: Counter, **more: Any) -> str:
    """Somebody new, registered by a1 with a card: a1's from now on."""
    counter.call("POST", "/v1/sync/hello", hello())
    with shop.database.read() as conn:
        row = conn.execute(
            select(code_pool.c.digits, code_pool.c.typed).where(
                code_pool.c.scope_id == counter.scope_id, code_pool.c.state == "blank", code_pool.c.kind == "member"
            )
        ).first()
    assert row is not None
    return joined(shop, counter, code_digits=row.digits, code_typed=row.typed, **more)


def proved(shop: Shop, counter: Counter, member_id: str) -> None:
    """She shows her changing code here, and head office says that nobody used it before: level 3 (CODES.md Q-7)."""
    card = {"id": shop.new_id(), "digits": shop.new_id(), "typed": None, "member_id": member_id, "state": "live"}
    handle = str(card["id"]).replace("-", "")[-16:]
    row = card | {"bound_at_ms": shop.clock.now_ms, "handle": handle, "generation": 1}
    announce_codes(shop.database, counter.scope_id, [handle])
    shop.database.write(counter.scope_id, lambda opened: put_row(opened, "member_code", row))
    now_ms = shop.clock.now_ms
    visit = RecordVisit(
        visit_id=shop.new_id(), member_id=member_id, code_handle=handle,
        code_serial=(now_ms // 1000 - EPOCH_S) // DYNAMIC_LIFE_S,
    )  # fmt: skip
    answer = counter.do(visit, assurance=2, occurred_at_ms=now_ms)
    assert answer["status"] == "accepted", answer
    assert [row["assurance"] for tbl, row in answer["rows"] if tbl == "visit"] == [3]


def interaction(shop: Shop, member_id: str, note: str = "") -> LogInteraction:
    return LogInteraction(interaction_id=shop.new_id(), member_id=member_id, kind="visit", outcome="tried", note=note)


def suspend(shop: Shop, counter: Counter) -> None:
    """What it sends from now on waits for a manager."""
    with shop.database.write_all() as conn:
        conn.execute(update(device).where(device.c.device_id == counter.device_id).values(state="suspended"))


def hello(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"device_epoch": 1, "next_seq": 1, "schema": [1, SCHEMA], "cursors": [], "t0": 5}
    body |= {"codes_left": 0, "unsent": 0}
    return body | changes
