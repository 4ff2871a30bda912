"""A member's own page from sign-in to sign-out: phone and one-time code, then the card (CODES.md Q-6, Q-9)."""

from __future__ import annotations

import hmac
from typing import Final

from sqlalchemy import select

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.ids import derived_id, new_id
from guidedesk.domain.joining import PURPOSES, RESEND_MS
from guidedesk.domain.people import clean_phone, phone_hash
from guidedesk.models.server_tables import phone_directory
from guidedesk.server.code_lookup import living_member
from guidedesk.server.context import ServerContext
from guidedesk.server.join.asked import Asked
from guidedesk.server.join.form_flow import COOKIE, code_typed, house_of, send_to, signed_in, wait_of
from guidedesk.server.join.joining import Joined
from guidedesk.server.join.own_card import OwnCard, change_answers, read_card, who_is
from guidedesk.server.join.own_pages import card_page, sign_in_page
from guidedesk.server.join.pages import House
from guidedesk.server.join.phone_checks import prove_phone
from guidedesk.server.join.tokens import form_guard
from guidedesk.server.routing import Answered

_SEE_OTHER: Final = 303


def open_card(context: ServerContext, asked: Asked) -> Answered:
    """Her card, or the way in."""
    house = house_of(context, asked)
    card = _card(context, asked)
    if card is None:
        return sign_in_page(house)
    return card_page(context, house, card, form_guard(context.secrets, asked.cookie), hello=asked.hello)


def submit(context: ServerContext, asked: Asked) -> Answered:
    """A button of her page was pressed."""
    house = house_of(context, asked)
    wanted = asked.one("do")
    if wanted in ("save", "out"):
        return _change(context, asked, house, wanted)
    phone, code = asked.one("phone"), code_typed(asked)
    try:
        if wanted == "send" or (wanted != "open" and not code):
            send_to(context, asked, phone, house.lang)
            return sign_in_page(house, phone, is_sent=True, wait=RESEND_MS // 1000)
        return signed_in(context, asked, _prove(context, phone, code), house.lang)
    except GuideDeskError as problem:
        return sign_in_page(house, phone, problem=problem, wait=wait_of(problem))


def _prove(context: ServerContext, phone: str, code: str) -> Joined:
    """The member whose number this is. A number nobody has and a wrong code read alike (Q-2)."""
    hashed = phone_hash(clean_phone(phone), context.secrets.phone_key)
    purpose = derived_id("sign_in", new_id(context.clock.wall_ms(), context.random.bytes(10)))
    prove_phone(context, hashed, code, purpose)
    with context.database.read() as conn:
        d = phone_directory.c
        owner = conn.execute(select(d.member_id).where(d.phone_hash == hashed)).scalar()
        found = living_member(conn, owner)
    if found is None:
        raise Refused("not_member")
    return Joined(found[0], hashed, False, "")


def _change(context: ServerContext, asked: Asked, house: House, wanted: str) -> Answered:
    card = _card(context, asked)
    guard = form_guard(context.secrets, asked.cookie)
    if card is None or not hmac.compare_digest(asked.one("g").encode(), guard.encode()):
        return sign_in_page(house)
    if wanted == "out":
        gone = f"{COOKIE}=; Path=/q; HttpOnly; SameSite=Lax; Max-Age=0"
        return Answered(_SEE_OTHER, None, {"Location": f"/q/me?lang={house.lang}", "Set-Cookie": gone})
    ticked = frozenset(asked.fields.get("ok", ()))
    cause = derived_id("own_answers", new_id(context.clock.wall_ms(), context.random.bytes(10)))
    change_answers(context, card, ticked.intersection(PURPOSES), house.lang, cause)
    return Answered(_SEE_OTHER, None, {"Location": f"/q/me?hello=saved&lang={house.lang}"})


def _card(context: ServerContext, asked: Asked) -> OwnCard | None:
    token = who_is(context, asked.cookie)
    return None if token is None else read_card(context, token)
