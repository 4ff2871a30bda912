"""The right side of the search panel: the chosen member at a glance, or whom head office found."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QStackedLayout, QWidget

from guidedesk.domain.search import OPEN_REASONS
from guidedesk.services.member_models import MemberPreview, OfficeHit
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.search import OfficeStatus
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.views import member_words as words
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row

FACTS: Final = ("last", "size", "follow_up")
SIZE_SHOWN: Final = 12


class Preview(QWidget):
    """`opened`, `log_started`; `office_opened(reason)` for whom head office found."""

    opened = Signal()
    log_started = Signal()
    office_opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._member, self.office = _MemberGlance(), _OfficeGlance()
        self.open, self.log = self._member.open, self._member.log
        self.open.clicked.connect(self.opened)
        self.log.clicked.connect(self.log_started)
        self.office.opened.connect(self.office_opened)
        self._stack = QStackedLayout()
        for page in (QWidget(), self._member, self.office):
            self._stack.addWidget(page)
        self.setLayout(column(self._stack, pad=4))

    def show_member(self, preview: MemberPreview | None, now_ms: int) -> None:
        """Fill it in; nothing while there is nobody."""
        if preview is not None:
            self._member.show_preview(preview, now_ms)
        self._stack.setCurrentIndex(1 if preview is not None else 0)

    def show_office(self, hit: OfficeHit, status: OfficeStatus) -> None:
        """Whom head office found, and why her card would be opened."""
        self.office.show_hit(hit, status)
        self._stack.setCurrentIndex(2)


class _MemberGlance(QWidget):
    """Labels are made once and filled in: new ones would cost each keystroke a layout."""

    def __init__(self) -> None:
        super().__init__()
        self._avatar, self._name = Avatar("", "ml"), Label("", "heading", wrap=True)
        self._number = Label("", "caption", "text3", wrap=True)
        self._tier, self._bind, self._wechat = Chip(), Chip(), Chip()
        self._facts = {key: Label("", "body_strong") for key in FACTS}
        box = QFrame()
        box.setProperty("kind", "facts")
        lines = [
            row(Label("", "label", "text2").say(f"search.fact.{key}"), None, value, gap=2)
            for key, value in self._facts.items()
        ]
        box.setLayout(column(*lines, gap=2, pad=(2, 3)))
        self.open = Button("", "primary", key="Enter").say("search.open")
        self.log = Button("", key="Ctrl Enter").say("search.log")
        for button in (self.open, self.log):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        who = row(self._avatar, column(self._name, self._number, gap=0), gap=3)
        who.setStretch(1, 1)
        body = column(who, flow(self._tier, self._bind, self._wechat, gap=2), box, None, gap=3)
        self.setLayout(column(ScrollColumn(holder(body)), row(self.open, self.log, None, gap=2), gap=3))

    def show_preview(self, member: MemberPreview, now_ms: int) -> None:
        self._avatar.show_name(member.name)
        self._name.set_text(words.shown_name(member.name, member.name_en, is_erased=member.is_erased))
        self._number.set_text(t("member.card_no", number=formats.card_no(member.card_no)) if member.card_no else "")
        self._tier.show_state(t(f"tier.{member.tier}"), words.TIER_TONES[member.tier], words.TIER_ICONS[member.tier])
        self._bind.show_state(words.bind_text(member.owner), words.OWNER_TONES[member.owner.state])
        self._wechat.show_state(*words.consent_chip(member.wechat))
        for key, value in _facts(member, now_ms).items():
            self._facts[key].set_text(value or t("search.fact.none"))
        self.log.allow(not member.is_erased, t("member.erased_reason"))


class _OfficeGlance(QWidget):
    """Name and masked phone; the card opens for one of three reasons, which head office keeps."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._avatar, self._name = Avatar("", "ml"), Label("", "heading", wrap=True)
        self._phone = Label("", "caption", "text3")
        chip = Chip("", "info", icon="store").say("search.office.chip")
        told = Label("", "label", "text2", wrap=True).say("search.office.told")
        ask = Label("", "body_strong", wrap=True).say("search.office.why")
        self._status = Label("", "label", "danger", wrap=True)
        self.buttons: list[Button] = []
        for number, reason in enumerate(OPEN_REASONS, start=1):
            button = Button("", key=f"Alt {number}").say(f"search.office.reason.{reason}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setProperty("reason", reason)
            button.clicked.connect(self._press)
            self.buttons.append(button)
        who = row(self._avatar, column(self._name, self._phone, gap=0), gap=3)
        who.setStretch(1, 1)
        body = column(who, row(chip, None), told, ask, flow(*self.buttons, gap=2), self._status, None, gap=3)
        self.setLayout(column(ScrollColumn(holder(body)), gap=0))

    def show_hit(self, hit: OfficeHit, status: OfficeStatus) -> None:
        self._avatar.show_name(hit.name)
        self._name.set_text(person_name(hit.name))
        self._phone.set_text(formats.phone(hit.phone_masked) if hit.phone_masked else "")
        for button in self.buttons:
            button.allow(status == "found", t(f"search.office.{status}") if status != "found" else "")
        self._status.set_text(t(f"search.office.{status}") if status not in ("found", "opening") else "")

    def _press(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.opened.emit(str(sender.property("reason")))


def _facts(member: MemberPreview, now_ms: int) -> dict[str, str]:
    last = ""
    if member.last_purchase_ms is not None:
        last = formats.moment_text(member.last_purchase_ms, now_ms)
        if member.last_amount_minor is not None and member.owner.state != "other":
            last = f"{last}, {formats.money(member.last_amount_minor, member.currency)}"
    promise = member.follow_up
    return {
        "last": last,
        "size": untrusted(member.size, SIZE_SHOWN),
        "follow_up": words.follow_up_when(promise, now_ms) if promise is not None else "",
    }
