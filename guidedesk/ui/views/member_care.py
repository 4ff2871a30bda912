"""Two cards of the member page: the next best action with its reason, and how far she has come (mockup 03)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal

from guidedesk.domain.tiers import TierRules, TierStanding
from guidedesk.services.member_models import FollowUpInfo
from guidedesk.services.queries.member_care import MemberCare
from guidedesk.ui import formats, i18n, task_words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.member_care import MemberCareState
from guidedesk.ui.views.member_points import PointsPart, balance_text
from guidedesk.ui.views.member_words import TIER_ICONS, TIER_TONES
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, IconLabel
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import row

_FULL: Final = 1000


class NextCard(Card):
    """`done()`, `another_wanted()`, `dismissed()`; hidden when there is nothing to suggest."""

    done = Signal()
    another_wanted = Signal()
    dismissed = Signal()

    def __init__(self) -> None:
        super().__init__(gap=2, accented=True)
        title = Label("", "body_strong", "accent").say("next.title")
        head = row(IconLabel("spark", "accent", "iconSmall"), title, None, gap=2)
        self._title = Label("", "heading", wrap=True)
        self._why = Label("", "label", "text2", wrap=True)
        self._done = Button("", "accent", size="s")
        self._another = Button("", size="s").say("tasks.another")
        self._not = Button("", "quiet", size="s").say("tasks.not_suitable")
        self._done.clicked.connect(self.done)
        self._another.clicked.connect(self.another_wanted)
        self._not.clicked.connect(self.dismissed)
        self.body.put(head, self._title, self._why, flow(self._done, self._another, self._not, gap=2))
        self.hide()

    def show_care(self, state: MemberCareState) -> None:
        """Fill it in."""
        item, care = state.action, state.care
        self.setVisible(item is not None)
        if item is None or care is None:
            return
        self._title.set_text(action_title(item))
        self._why.set_text(action_why(item, care))
        self._done.set_text(t(_key("next.done", item)))
        self._another.setVisible(state.has_others)


class TierCard(Card):
    """Her tier as it stands everywhere, and what her own orders tell: what moves her up; hidden where sums are."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._tier = Chip()
        self._balance = Label("", "body_strong")
        self._title = Label("", "heading").say("member.tier")
        self._bar = Bar()
        self._text = Label("", "caption", "text2", wrap=True)
        self.points = PointsPart()
        head = row(self._title, None, self._tier, self._balance, gap=2)
        self.body.put(head, self._bar, self._text, self.points)
        self.hide()

    def show_care(self, state: MemberCareState) -> None:
        """Fill it in."""
        care = state.care
        self.setVisible(care is not None and not state.hides_amounts)
        if care is None:
            return
        found = care.standing
        shown = care.recorded  # as everywhere else: what her own orders tell is said in words
        self._tier.show_state(t(f"tier.{shown}"), TIER_TONES[shown], TIER_ICONS[shown])
        text = tier_text(care)
        progress = _FULL if shown == "super" else _progress(found, care.rules)
        self._bar.show_parts((Part(progress, "gold"),), text)
        self._text.set_text(text)
        balance = balance_text(care.points)
        self._title.say("member.points_tier" if balance else "member.tier")
        self._balance.set_text(balance)
        self._balance.setVisible(bool(balance))
        self._tier.setVisible(not balance)  # the head of the page says it too
        self.points.show_points(care.points)


def tier_text(care: MemberCare) -> str:
    """What moves her up, and until when she stays where she is."""
    found = care.standing
    if care.recorded != found.tier:
        return t("member.tier_differs", tier=t(f"tier.{found.tier}"))
    parts = []
    if found.next is not None and not (found.orders_left or found.spent_left_minor) and found.lacks_consent:
        parts.append(t("member.tier_consent", tier=t(f"tier.{found.next}")))
    elif found.next == "super":
        left = []
        if found.orders_left:
            left.append(t("member.tier_orders", n=found.orders_left))
        if found.spent_left_minor:
            left.append(t("member.tier_spent", amount=formats.money_short(found.spent_left_minor, care.currency)))
        if found.lacks_consent:
            left.append(t("member.tier_agrees"))
        parts.append(t("member.tier_up", what=t("list.comma").join(left), tier=t("tier.super")))
    elif found.next is not None:
        parts.append(t("member.tier_first", tier=t(f"tier.{found.next}")))
    if found.until is not None:
        parts.append(t("member.tier_until", date=formats.day_text(found.until, care.today)))
    return ("" if i18n.language() == "zh_CN" else " ").join(parts)


def _progress(found: TierStanding, rules: TierRules) -> int:
    """Of what super takes, the part that is furthest behind."""
    if found.tier == "super":
        return _FULL
    return min(
        permille(found.orders, max(1, rules.super_orders)), permille(found.spent_minor, max(1, rules.super_spent_minor))
    )


def action_title(item: FollowUpInfo) -> str:
    """What to do, in a few words."""
    if item.text:
        return untrusted(item.text, 60)
    one, lang = item.suggestion, i18n.language()
    subject = "" if one is None else untrusted(one.subject.zh if lang == "zh_CN" else one.subject.en, 24)
    key = _key("next.do", item)
    if subject:
        return t(key, subject=subject)
    return t(f"{key}_plain" if i18n.has(f"{key}_plain") else key, subject=subject)


def action_why(item: FollowUpInfo, care: MemberCare) -> str:
    """Its reason: what her data tells, else whose promise it is for when."""
    if item.suggestion is not None:
        return task_words.told(item.suggestion, care.today)
    return t("next.promised_late", n=item.days_overdue) if item.days_overdue > 0 else t("next.promised")


def _key(prefix: str, item: FollowUpInfo) -> str:
    key = f"{prefix}.{item.reason}"
    return key if i18n.has(key) else f"{prefix}.promised"
