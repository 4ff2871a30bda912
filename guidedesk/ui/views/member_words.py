"""What the member card says about owner, consent and time; pure text, shared with search and log."""

from __future__ import annotations

from datetime import date
from typing import Final

from guidedesk.domain.people import Tier
from guidedesk.services.member_models import BuysAgain, ConsentInfo, FollowUpInfo, MemberCard, OwnerInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.labels import person_name, untrusted
from guidedesk.ui.widgets.ring import RingState

TIER_TONES: Final[dict[Tier, ToneName]] = {"casual": "neutral", "ordinary": "info", "super": "gold"}
TIER_ICONS: Final[dict[Tier, str]] = {"casual": "user", "ordinary": "user-check", "super": "crown"}
OWNER_TONES: Final[dict[str, ToneName]] = {
    "mine": "accent", "mine_lapsed": "warning", "mine_open": "warning", "other": "violet", "other_open": "warning",
    "none": "neutral", "pool": "neutral",
}  # fmt: skip
SHOWN_CONSENTS: Final = ("wechat", "sms", "phone", "personalised")
BP_A_PERCENT: Final = 100
MONTHS_A_YEAR: Final = 12
CATEGORY_SHOWN: Final = 24  # characters


def member_name(card: MemberCard) -> str:
    """The name of a card, or that it was erased; in English the Latin name comes first, as in mockup 04."""
    return shown_name(card.name, card.name_en, is_erased=card.is_erased)


def shown_name(name: str, name_en: str, *, is_erased: bool) -> str:
    """`member_name` from its parts."""
    if is_erased:
        return t("member.erased_name")
    name, latin = person_name(name), person_name(name_en) if name_en else ""
    return f"{latin} {name}" if latin and latin != name and i18n.language() == "en" else name


def owner_name(owner: OwnerInfo) -> str:
    """The owner in the language shown, or an empty text."""
    return owner.staff.name.pick(i18n.language()) if owner.staff else ""


def owner_chip(owner: OwnerInfo) -> tuple[str, ToneName]:
    """The chip of the owner card."""
    return t(f"member.owner_chip.{owner.state}"), OWNER_TONES[owner.state]


def ring_state(owner: OwnerInfo) -> RingState:
    """The ring is the earning window; a date is always said with it (DESIGN-UI.md 5.3)."""
    window, name = owner.window, owner_name(owner)
    if window is None:
        return RingState(0, 1, t("ring.none"), "", None, t("member.ring.none"))
    if not window.is_earning:
        return RingState(0, owner.window_days, "—", "", None, t("member.ring.over", name=name))
    left = window.earning_days_left
    spoken = t("member.ring.spoken", name=name, n=left, date=formats.day_text(window.earns_until))
    words = t("ring.last") if left == 0 else t("ring.days")
    return RingState(left, owner.window_days, str(left), words, OWNER_TONES[owner.state], spoken)


def owner_lines(owner: OwnerInfo, now_ms: int) -> tuple[str, ...]:
    """When bound, and until when the window runs."""
    lines = []
    today = formats.local_day(now_ms)
    if owner.bound_at_ms is not None and owner.state not in ("none", "pool"):
        lines.append(t("member.bound", date=formats.day_text(formats.local_day(owner.bound_at_ms), today)))
    if owner.window is not None:
        key = "member.earns_until" if owner.window.is_earning else "member.earned_until"
        lines.append(t(key, date=formats.day_text(owner.window.earns_until, today)))
        if owner.state == "other":
            lines.append(t("member.protected_until", date=formats.day_text(owner.window.protected_until, today)))
    return tuple(lines)


def owner_rule(card: MemberCard) -> str:
    """What the state means, made from the plan in force (DESIGN-UI.md 5.7)."""
    owner, (owner_bp, seller_bp) = card.owner, card.store_share
    window, name = owner.window, owner_name(owner)
    shares = {"owner": owner_bp // BP_A_PERCENT, "seller": seller_bp // BP_A_PERCENT}
    if owner.state == "pool":
        return t("member.pool")
    if window is None:
        return t("bind.none")
    stays = t("member.mine_stays", date=formats.day_text(window.protected_until))
    if owner.state == "mine":
        return f"{t('member.mine_rule', **shares)}{_gap()}{stays}"
    if owner.state == "mine_lapsed":
        return f"{t('bind.lapsed')}{_stop()}{stays}"
    if owner.state == "other":
        key = "member.other_rule" if window.is_earning else "member.other_rule_lapsed"
        return t(key, name=name, **shares)
    return t("bind.open")


def bind_text(owner: OwnerInfo) -> str:
    """The one-line state used by chips of other screens: `我的专属 · 还剩 9 天`."""
    window = owner.window
    if owner.state == "mine" and window is not None:
        return t("bind.mine", n=window.earning_days_left)
    if owner.state == "other" and window is not None:
        return t("bind.other", name=owner_name(owner), date=formats.day_text(window.protected_until))
    return t(f"member.owner_chip.{owner.state}")


def consent_chip(consent: ConsentInfo) -> tuple[str, ToneName, str]:
    """Text, tone and icon of one answer; never asked counts as no but says so."""
    if consent.is_given is None:
        return t(f"consent.{consent.purpose}.unasked"), "neutral", "help"
    if consent.is_given:
        return t(f"consent.{consent.purpose}.yes"), "success", "check"
    return t(f"consent.{consent.purpose}.no"), "danger", "ban"


def consents_note(consents: tuple[ConsentInfo, ...], now_ms: int) -> str:
    """When the newest answer was given."""
    newest = max((c.answered_at_ms for c in consents if c.answered_at_ms is not None), default=None)
    if newest is None:
        return t("member.consents_never")
    day = formats.day_text(formats.local_day(newest), formats.local_day(now_ms))
    return t("member.consents_updated", date=day)


def joined_text(joined_at_ms: int, now_ms: int) -> str:
    """How long somebody has been a member, in whole months."""
    first, today = formats.local_day(joined_at_ms), formats.local_day(now_ms)
    months = (today.year - first.year) * MONTHS_A_YEAR + today.month - first.month - (today.day < first.day)
    years, rest = divmod(max(0, months), MONTHS_A_YEAR)
    if years and rest:
        return t("member.joined.years_months", years=years, n=rest)
    if years:
        return t("member.joined.years", n=years)
    return t("member.joined.months", n=rest) if rest else t("member.joined.new")


def birthday_text(birthday: str) -> str:
    """`3 月 8 日` of `03-08`."""
    month, day = birthday.split("-")
    return formats.month_day(int(month), int(day))


def phone_text(card: MemberCard) -> str:
    """The masked number; a colleague's member keeps hers to herself."""
    if card.owner.state == "other":
        return t("member.phone_hidden")
    return formats.phone(card.phone_masked) if card.phone_masked else t("member.no_phone")


def follow_up_when(item: FollowUpInfo, now_ms: int) -> str:
    """The day (and time) of a promise, or how late it is."""
    if item.days_overdue > 0:
        return t("member.overdue", n=item.days_overdue)
    day = formats.day_text(date.fromisoformat(item.due_date), formats.local_day(now_ms))
    return f"{day} {item.due_time}" if item.due_time else day


def buys_again_text(one: BuysAgain) -> str:
    """What she buys regularly, about when next, and her own pace: 针织 · 约 12 月 6 日（每 41 天）."""
    return t(
        "member.buys_again_line", category=untrusted(one.category.pick(i18n.language()), CATEGORY_SHOWN),
        day=formats.day_text(one.likely.due), n=one.likely.pace_days,
    )  # fmt: skip


def _gap() -> str:
    return "" if i18n.language() == "zh_CN" else " "


def _stop() -> str:
    return "。" if i18n.language() == "zh_CN" else ". "
