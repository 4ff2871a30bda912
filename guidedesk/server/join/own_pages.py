"""What a member sees of herself on her phone (DESIGN-UI.md 15b)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup

from guidedesk.codes.encoder import short_url
from guidedesk.codes.render import QUIET, Matrix, code_matrix
from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.joining import PURPOSES
from guidedesk.domain.people import mask_phone
from guidedesk.domain.time import local_date
from guidedesk.server.context import ServerContext
from guidedesk.server.join.dynamic_codes import coming_codes
from guidedesk.server.join.own_card import OwnCard
from guidedesk.server.join.pages import OK, House, page, problem_text
from guidedesk.server.join.welcome import OwnCoupon, coupon_texts
from guidedesk.server.routing import Answered
from guidedesk.server.settings import read_settings
from guidedesk.texts import say

_HELLO: Final = {"new": "join.done.new", "known": "join.done.known"}


def sign_in_page(
    house: House, phone: str = "", *, problem: GuideDeskError | None = None, is_sent: bool = False, wait: int = 0
) -> Answered:
    """Phone and one-time code."""
    t = partial(say, house.lang)
    return page(
        house,
        "sign_in.html",
        t("join.me.sign_in"),
        phone=phone.removeprefix("+86"),
        problem=problem_text(house, problem),
        note=t("join.sent", phone=mask_phone(phone)) if is_sent else "",
        at="code" if is_sent else "",
        wait=wait,
    )


def card_page(context: ServerContext, house: House, card: OwnCard, guard: str, *, hello: str) -> Answered:
    """Her card with the code to show, whose member she is, and her answers to change."""
    t = partial(say, house.lang)
    with context.database.read() as conn:
        settings = read_settings(conn, context.database.chain_id())
    host = settings["code_host"]
    codes = [code_matrix(text) for text in coming_codes(context, card, host)]
    now_ms = context.clock.wall_ms()
    owner = card.owner
    until = card.serves_until
    day = house.day(until) if until else ""
    coupons = [_coupon(house, one, settings["zone"]) for one in coupon_texts(context, card.coupons, host)]
    owner_name = house.pick(owner.name, owner.name_en) if owner else ""
    return page(
        house,
        "me.html",
        t("join.me.title"),
        status=OK,
        hello=t(_HELLO[hello]) if hello in _HELLO else "",
        note=t("join.me.saved") if hello == "saved" else "",
        name=card.name or t("join.me.new_member"),
        card_no=t("join.me.card_no", no=_in_fours(card.card_no)),
        shown=_svg(codes[0]),
        codes=" ".join(_bits(matrix) for matrix in codes),
        now=now_ms,
        fixed=_svg(code_matrix(short_url(host, card.code["digits"]))),
        owner=t("join.me.owner", name=owner_name) if owner else "",
        owner_initial=(owner_name[:1] or "·").upper(),
        until=t("join.me.until", date=day) if until else t("join.me.open_until"),
        called=owner_name or house.brand,
        coupons=coupons,
        got=t("join.done.gift", name=coupons[0]["name"]) if hello == "new" and coupons else "",
        coupon_count=t("join.me.coupons", n=len(coupons)) if coupons else "",
        given=card.given,
        purposes=PURPOSES[1:],
        guard=guard,
    )


def _coupon(house: House, found: OwnCoupon, zone: str) -> dict[str, Any]:
    """An offer with its end, and its code to show."""
    offer = found.campaign
    until = say(house.lang, "join.me.coupon_until", date=house.day(local_date(found.ends_at_ms, zone)))
    return {
        "name": house.pick(offer["name"], offer["name_en"]),
        "terms": " · ".join(part for part in (house.pick(offer["terms"], offer["terms_en"]), until) if part),
        "code": _svg(code_matrix(found.text)),
    }


def _in_fours(digits: str) -> str:
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _bits(matrix: Matrix) -> str:
    """The modules row by row as hex, for the page's script to draw."""
    bits = "".join("1" if cell else "0" for row in matrix.rows for cell in row)
    bits += "0" * (-len(bits) % 4)
    return f"{int(bits, 2):0{len(bits) // 4}x}"


def _svg(matrix: Matrix) -> Markup:
    """A code as a drawing in the page: black on white, quiet zone of 4, whole pixels a module."""
    return Markup(  # noqa: S704 -- made of numbers alone
        f'<svg viewBox="0 0 {matrix.side} {matrix.side}" shape-rendering="crispEdges">'
        f'<rect width="{matrix.side}" height="{matrix.side}" fill="#fff"/>'
        f'<path d="{_path(matrix.rows)}" stroke="#000"/></svg>'
    )


def _path(rows: Iterable[Iterable[bool]]) -> str:
    """Black stretches as strokes one module thick: a third of what squares would take."""
    drawn: list[str] = []
    for y, row in enumerate(rows):
        drawn.append(f"M{QUIET} {y + QUIET}.5")
        for is_black, cells in groupby(row):
            length = len(list(cells))
            drawn.append(f"h{length}" if is_black else f"m{length} 0")
    return "".join(drawn)
