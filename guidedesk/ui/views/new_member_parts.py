"""Parts of the new-member page: the same number, consent, whose member, which card (mockup 21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from guidedesk.services.member_models import MemberHit
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.new_member import ASKED, NewMemberState
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.choices import Tick
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.ring import Ring, RingState

NOTED: Final = ("service", "wechat")


class DuplicatePanel(QFrame):
    """The member on this PC with the same number. `opened`, `declined`."""

    opened = Signal()
    declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "tint")
        self.setProperty("tone", "info")
        self._avatar = Avatar("", "m")
        self._who = Label("", "body", wrap=True)
        self.open = Button("", "primary", key="Alt 1").say("register.open")
        self.decline = Button("", key="Alt 2").say("register.different")
        self.open.clicked.connect(self.opened)
        self.decline.clicked.connect(self.declined)
        text = Label("", "caption", "text2", wrap=True).say("register.duplicate_text")
        words = row(self._avatar, column(self._who, text, gap=0), gap=3)
        words.setStretch(1, 1)
        self._line = row(words, self.open, self.decline, gap=2, pad=(3, 4))
        self._line.setStretch(0, 1)
        self.setLayout(self._line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ways = QBoxLayout.Direction
        fits = self.width() >= look().m.page_narrow * 3 // 4
        self._line.setDirection(ways.LeftToRight if fits else ways.TopToBottom)

    def show_hit(self, hit: MemberHit, now_ms: int) -> None:
        """Say who it is."""
        self._avatar.show_name(hit.name)
        card = t("member.card_no", number=formats.card_no(hit.card_no)) if hit.card_no else t("member.no_phone")
        text = t("register.duplicate", name=person_name(hit.name), card=card, tier=t(f"tier.{hit.tier}"))
        if hit.last_purchase_ms is not None:
            day = formats.day_text(formats.local_day(hit.last_purchase_ms), formats.local_day(now_ms))
            text = f"{text} · {t('register.duplicate_last', date=day)}"
        self._who.set_text(text)


class ConsentList(QFrame):
    """One line per purpose; nothing is ticked beforehand. `answered(purpose, given)` as one text: `wechat+`."""

    answered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.ticks = {purpose: Tick() for purpose in ASKED}
        self._notes = {purpose: Label("", "caption", "text3", lines=1) for purpose in NOTED}
        self._answers = {purpose: Label("", "caption", "text3") for purpose in ASKED}
        lines = column(gap=0)
        for number, (purpose, tick) in enumerate(self.ticks.items()):
            if number:
                lines.put(rule())
            line = row(tick, self._notes.get(purpose), self._answers[purpose], gap=3, pad=(0, 4))
            line.setStretch(1, 1)
            lines.put(line)
            tick.clicked.connect(self._told(purpose))
        self.setLayout(lines)

    def show_state(self, state: NewMemberState) -> None:
        """Show the answers so far."""
        name = state.me.name.pick(i18n.language()) if state.me is not None else ""
        answers = dict(state.consents)
        for purpose, tick in self.ticks.items():
            given = answers.get(purpose)
            tick.setText(t(f"register.consent.{purpose}", name=name))
            tick.updateGeometry()
            tick.setChecked(bool(given))
            answer = "none" if given is None else "yes" if given else "no"
            self._answers[purpose].set_text(t(f"register.answer.{answer}"))
            self._answers[purpose].set_ink("success" if given else "text3")
            tick.setAccessibleDescription(self._answers[purpose].text())
        self._notes["service"].set_text(t("register.consent.service.note"))
        self._notes["wechat"].set_text(t("register.consent.wechat.note", n=state.cap_week))

    def _told(self, purpose: str) -> Callable[[bool], None]:
        def tell(checked: bool) -> None:
            self.answered.emit(f"{purpose}{'+' if checked else '-'}")

        return tell


class OwnerBox(Card):
    """Whose member the new one becomes, and until when."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._ring = Ring(small=True)
        self._who, self._note = Label("", "body", wrap=True), Label("", "caption", "text3", wrap=True)
        line = row(self._ring, column(self._who, self._note, gap=0), gap=3)
        line.setStretch(1, 1)
        self.body.put(Label("", "label", "text2").say("register.owner"), line, None)

    def show_state(self, state: NewMemberState) -> None:
        """Fill it in."""
        if state.me is None or state.until is None:
            return
        name, day = state.me.name.pick(i18n.language()), formats.day_text(state.until)
        spoken = t("register.owner_ring", name=name, n=state.window_days, date=day)
        has_code = bool(state.card_no)
        days = state.window_days
        self._ring.show_state(RingState(days, days, str(days), "", "accent", spoken))
        self._ring.setVisible(has_code)
        self._who.set_text(t("register.owner_text", name=name, date=day) if has_code else t("bind.none"))
        self._note.set_text(t("register.owner_note" if has_code else "register.owner_later"))


class CardBox(Card):
    """The number the new card gets."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self.number, self._note = Label("", "code", wrap=True), Label("", "caption", "text3", wrap=True)
        self.body.put(Label("", "label", "text2").say("register.card"), self.number, self._note, None)

    def show_state(self, state: NewMemberState) -> None:
        """Fill it in."""
        self.number.set_text(formats.card_no(state.card_no) if state.card_no else t("register.card_none"))
        self._note.set_text(t("register.card_note" if state.card_no else "register.card_none_note"))


def boxes(*cards: QWidget) -> QWidget:
    """Cards side by side, equally wide."""
    line = row(*cards, gap=4)
    for number in range(len(cards)):
        line.setStretch(number, 1)
    return holder(line)
