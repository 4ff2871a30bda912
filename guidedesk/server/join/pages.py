"""What a customer's phone is shown, in her language (DESIGN-UI.md 15, 15b)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any, Final

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.joining import PURPOSES
from guidedesk.domain.people import mask_phone
from guidedesk.server.join.inviters import Inviter
from guidedesk.server.join.templates import render
from guidedesk.server.routing import Answered
from guidedesk.texts import LANGUAGES, catalogue, say

OK: Final = 200
_GONE: Final = 404
_SLOW: Final = 429
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Which box a refusal is about; the others stand above the form.
_AT: Final = {
    "phone_invalid": "phone",
    "resend_wait": "code",
    "code_wrong": "code",
    "code_late": "code",
    "code_locked": "code",
    "code_missing": "code",
    "name_too_long": "name",
    "birthday_invalid": "birthday",
    "terms_needed": "terms",
}


@dataclass(frozen=True, slots=True)
class House:
    """The merchant, and the language the page is in."""

    lang: str
    brand: str
    window_days: int
    gift: str = ""  # what whoever joins now gets
    gift_terms: str = ""

    def pick(self, chinese: str, english: str) -> str:
        """A name for this language, or the other where one is missing."""
        return (chinese or english) if self.lang == "zh_CN" else (english or chinese)

    def day(self, day: date) -> str:
        """A day as people of this language write it."""
        month = str(day.month) if self.lang == "zh_CN" else _MONTHS[day.month - 1]
        return say(self.lang, "join.me.date", month=month, day=day.day)

    @property
    def other_lang(self) -> str:
        """The language to change to."""
        return next(code for code in LANGUAGES if code != self.lang)


@dataclass(frozen=True, slots=True)
class Filled:
    """What she typed and ticked so far. Nothing is ticked for her (P-1)."""

    phone: str = ""
    name: str = ""
    birthday: str = ""
    ticked: Collection[str] = field(default_factory=frozenset)


def language_of(asked: str, accepted: str) -> str:
    """`zh_CN` or `en`: what she chose on the page, else the phone's first language that there are texts for."""
    if asked in LANGUAGES:
        return asked
    wanted: list[tuple[float, int, str]] = []
    for place, entry in enumerate(accepted[:200].split(",")):
        tag, _, weight = entry.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        wanted.append((-quality, place, tag.lower()))
    for quality, _, tag in sorted(wanted):
        if quality < 0 and tag.startswith(("zh", "en")):
            return "zh_CN" if tag.startswith("zh") else "en"
    return "en" if accepted.strip() not in ("", "*") else "zh_CN"


def join_page(
    house: House,
    inviter: Inviter,
    address: str,
    token: str,
    filled: Filled,
    *,
    problem: GuideDeskError | None = None,
    is_sent: bool = False,
    wait: int = 0,
) -> Answered:
    """The form of 15, with what was typed before still in it."""
    t = partial(say, house.lang)
    place = house.pick(inviter.store.name, inviter.store.name_en)
    name = house.pick(inviter.name, inviter.name_en) if inviter.staff_id else place
    by_store = inviter.staff_id is None
    means = t("join.means_store") if by_store else t("join.means", n=house.window_days, name=name)
    note = t("join.sent", phone=mask_phone(filled.phone)) if is_sent else ""
    made = page(
        house,
        "join.html",
        t("join.title", brand=house.brand),
        address=address,
        token=token,
        invites=t("join.invites_store", store=name) if by_store else t("join.invites", name=name),
        initial=(name[:1] or "·").upper(),
        place=t("join.at_store", brand=house.brand) if by_store else t("join.yours", store=place),
        called=name,
        means=means,
        problem=problem_text(house, problem),
        note=note,
        at="code" if is_sent else _AT.get(problem.code, "") if problem else "",
        wait=wait,
        gift=house.gift,
        gift_terms=house.gift_terms,
        phone=filled.phone.removeprefix("+86"),
        name=filled.name,
        birthday=filled.birthday,
        ticked=filled.ticked,
        purposes=PURPOSES[1:],
        other=f"{address}{'&' if '?' in address else '?'}lang={house.other_lang}",
    )
    # Her own phone keeps the form for the way back, so that the browser need not ask whether to send it again.
    return Answered(made.status, None, {**made.headers, "Cache-Control": "private, no-cache"}, made.raw)


def problem_text(house: House, problem: GuideDeskError | None) -> str:
    """What is wrong and what to do, in her language."""
    if problem is None:
        return ""
    keys = (f"join.error.{problem.code}", f"error.{problem.code}", "join.error.server_busy")
    key = next(name for name in keys if name in catalogue(house.lang))
    params: dict[str, Any] = dict(problem.params)
    params["n"] = params.get("tries_left", params.get("seconds", 0))
    return say(house.lang, key, **params)


def over_page(house: House) -> Answered:
    """Unknown, revoked, expired, used or never ours: alike (Q-2)."""
    return notice(house, "join.over", status=_GONE)


def show_page(house: House) -> Answered:
    """A member's code opened on a phone, whoever's it is (Q-9)."""
    return notice(house, "join.show")


def slow_page(house: House, limit: GuideDeskError) -> Answered:
    """Too many pages from one address."""
    made = _slow(house)
    return Answered(made.status, None, {**made.headers, "Retry-After": str(limit.params.get("seconds") or 1)}, made.raw)


@lru_cache(maxsize=8)
def _slow(house: House) -> Answered:
    return notice(house, "join.slow", status=_SLOW)


def text_page(house: House, which: str) -> Answered:
    """The terms, or the privacy notice."""
    params: dict[str, Any] = {"brand": house.brand, "n": house.window_days}
    texts = [say(house.lang, f"join.text.{which}", **params), say(house.lang, f"join.text.{which}_2", **params)]
    return _plain(house, say(house.lang, f"join.{which}"), texts)


def problem_page(house: House, problem: GuideDeskError, link: str) -> Answered:
    """A fault that the form cannot be shown for again; `link` opens it afresh."""
    link_text = say(house.lang, "join.again")
    return _plain(house, problem_text(house, problem), [], link=link, link_text=link_text, status=400)


def notice(house: House, key: str, *, status: int = OK) -> Answered:
    """A heading and a sentence."""
    return _plain(house, say(house.lang, f"{key}.title"), [say(house.lang, f"{key}.text")], status=status)


def _plain(
    house: House,
    heading: str,
    texts: list[str],
    *,
    link: str = "",
    link_text: str = "",
    status: int = OK,
) -> Answered:
    values = {"heading": heading, "texts": texts, "link": link, "link_text": link_text}
    return page(house, "plain.html", heading, status=status, has_script=False, **values)


def page(
    house: House, template: str, title: str, *, status: int = OK, has_script: bool = True, **values: Any
) -> Answered:
    common = {"lang": house.lang, "brand": house.brand, "title": title, "_": partial(say, house.lang)}
    raw, headers = render(template, common | values, "join.js" if has_script else None)
    return Answered(status, None, headers, raw)
