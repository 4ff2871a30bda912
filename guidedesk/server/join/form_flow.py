"""The join page from the first look to the card: look, send a code, join (CODES.md Q-2, Q-9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType, Reason
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.ids import new_id
from guidedesk.domain.joining import CHANNELS, RESEND_MS, read_answers
from guidedesk.domain.people import clean_phone
from guidedesk.domain.time import local_date
from guidedesk.server.context import ServerContext
from guidedesk.server.join import pages
from guidedesk.server.join.asked import Asked
from guidedesk.server.join.inviters import Inviter, find_inviter
from guidedesk.server.join.joining import Joined, join, joined_before, note_scan
from guidedesk.server.join.pages import Filled, House, language_of
from guidedesk.server.join.phone_checks import send_code
from guidedesk.server.join.tokens import MemberToken, PageToken, read_page, sign
from guidedesk.server.join.welcome import welcome_offer
from guidedesk.server.routing import Answered
from guidedesk.server.settings import read_settings
from guidedesk.texts import say

COOKIE: Final = "gd_card"
_COOKIE_SECONDS: Final = 30 * 24 * 3_600
_RESEND_S: Final = RESEND_MS // 1000
_PHONE_PART: Final = 12
_SEE_OTHER: Final = 303
_DIGITS: Final = frozenset("0123456789")


def house_of(context: ServerContext, asked: Asked) -> House:
    """The merchant as this phone reads it."""
    lang = language_of(asked.chosen_lang, asked.accepted)
    chain_id = context.database.chain_id()
    with context.database.read() as conn:
        found = read_settings(conn, chain_id)
        offer = welcome_offer(conn, chain_id, context.clock.wall_ms())
    brand = found["brand"] if lang == "zh_CN" else found.get("brand_en") or found["brand"]
    house = House(lang, brand, int(found["window_days"]))
    if offer is None:
        return house
    until = say(lang, "join.me.coupon_until", date=house.day(local_date(offer["ends_at_ms"], found["zone"])))
    terms = " · ".join(part for part in (house.pick(offer["terms"], offer["terms_en"]), until) if part)
    return replace(house, gift=house.pick(offer["name"], offer["name_en"]), gift_terms=terms)


def open_code(context: ServerContext, asked: Asked) -> Answered:
    """The page of a scanned code. A member's own code, and every signed one, is for the counter alone."""
    house = house_of(context, asked)
    found = decode(asked.digits)
    if isinstance(found, CodeOk) and found.type is CodeType.MEMBER:
        return pages.show_page(house)
    if not isinstance(found, CodeOk) and found.reason is Reason.UNKNOWN_KEY:
        return pages.show_page(house)
    now_ms = context.clock.wall_ms()
    channel = CHANNELS.get(asked.channel, "badge")
    inviter = _inviter(context, asked.digits, now_ms)
    if inviter is None:
        return pages.over_page(house)
    nonce = new_id(now_ms, context.random.bytes(10))
    page = PageToken(asked.digits, inviter.store.id, channel, now_ms, nonce)
    note_scan(context, page, inviter)
    return pages.join_page(house, inviter, asked.address, sign(context.secrets, "form", page), Filled())


def submit(context: ServerContext, asked: Asked) -> Answered:
    """A button of the form was pressed."""
    house = house_of(context, asked)
    try:
        page = read_page(context.secrets, asked.one("t"))
    except Refused:
        return pages.over_page(house)
    code = code_typed(asked)
    try:
        # Pressed twice, reloaded, gone back to: what came of this page is told again, also where its code is over.
        before = joined_before(context, page, asked.one("phone"), code)
    except Refused as problem:
        return pages.problem_page(house, problem, asked.address)
    if before is not None:
        return signed_in(context, asked, before, house.lang)
    inviter = _inviter(context, page.digits, page.seen_at_ms) if page.digits == asked.digits else None
    if inviter is None:
        return pages.over_page(house)
    return _take(context, asked, house, page, inviter, code)


def _take(
    context: ServerContext, asked: Asked, house: House, page: PageToken, inviter: Inviter, code: str
) -> Answered:
    ticked = frozenset(asked.fields.get("ok", ()))
    filled = Filled(asked.one("phone"), asked.one("name"), asked.one("birthday"), ticked)
    shown = (house, inviter, asked.address, asked.one("t"), filled)
    try:
        if asked.one("do") == "send" or (asked.one("do") != "join" and not code):
            send_to(context, asked, filled.phone, house.lang)
            return pages.join_page(*shown, is_sent=True, wait=_RESEND_S)
        answers = read_answers(filled.phone, filled.name, filled.birthday, filled.ticked)
        joined = join(context, page, inviter, answers, code, house.lang)
    except GuideDeskError as problem:
        if problem.code == "code_over":
            return pages.over_page(house)
        if problem.code in ("page_over", "page_used"):
            return pages.problem_page(house, problem, asked.address)
        return pages.join_page(*shown, problem=problem, wait=wait_of(problem))
    return signed_in(context, asked, joined, house.lang)


def send_to(context: ServerContext, asked: Asked, phone: str, language: str) -> None:
    """Send a one-time code to what was typed; one address may not have codes sent about without end."""
    wait = context.limiter.wait_seconds("page_code", asked.client)
    if wait:
        raise Refused("resend_wait", seconds=wait)
    send_code(context, clean_phone(phone), language)


def code_typed(asked: Asked) -> str:
    """The digits of the one-time code; spaces people put between them do not count."""
    return "".join(char for char in asked.one("code")[:20] if char in _DIGITS)


def wait_of(problem: GuideDeskError) -> int:
    """Seconds until another code may be sent, as far as this refusal tells."""
    return int(problem.params.get("seconds") or 0) if problem.code == "resend_wait" else 0


def signed_in(context: ServerContext, asked: Asked, joined: Joined, language: str) -> Answered:
    """On to her own page. The first cookie of all, after her consent (Q-2)."""
    member = MemberToken(joined.member_id, joined.phone_hash[:_PHONE_PART], context.clock.wall_ms())
    cookie = f"{COOKIE}={sign(context.secrets, 'member', member)}; Path=/q; HttpOnly; SameSite=Lax"
    cookie += f"; Max-Age={_COOKIE_SECONDS}" + ("; Secure" if asked.is_secure else "")
    hello = "new" if joined.is_new else "known"
    headers = {"Location": f"/q/me?hello={hello}&lang={language}", "Set-Cookie": cookie}
    return Answered(_SEE_OTHER, None, headers)


def _inviter(context: ServerContext, digits: str, seen_at_ms: int) -> Inviter | None:
    with context.database.read() as conn:
        return find_inviter(conn, context.database.chain_id(), digits, seen_at_ms)
