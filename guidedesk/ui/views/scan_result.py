"""What an unusual scan leads to (mockup 07): calm, one sentence, three facts, what is recorded, two ways on."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.codes.forms import CodeType, Reason
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.counter import ScanResult
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import clear, column, holder, row
from guidedesk.ui.widgets.width import Centred

KINDS: Final[dict[str, tuple[str, ToneName]]] = {
    "unknown_offline": ("cloud-off", "warning"),
    "unknown": ("database", "info"),
    "revoked": ("ban", "danger"),
    "sign_in_first": ("lock", "neutral"),
    "garbled": ("keyboard", "warning"),
    "failed": ("alert", "warning"),
    "other_kind": ("qr", "info"),
    "refused": ("scan", "neutral"),
    "clock": ("clock", "warning"),
    "other_brand": ("shield-x", "neutral"),
    "coupon_used": ("coupon", "neutral"),
}
OTHER_KINDS: Final[dict[CodeType, tuple[str, ToneName]]] = {
    CodeType.ASSOCIATE: ("user-check", "info"),
    CodeType.STORE: ("store", "info"),
    CodeType.INVITATION: ("user-plus", "info"),
    CodeType.STAFF_BADGE: ("key", "info"),
    CodeType.COUPON: ("coupon", "info"),
}
REASONS: Final[dict[Reason, tuple[str, ToneName]]] = {
    Reason.PRODUCT: ("tshirt", "neutral"),
    Reason.PAYMENT_OR_IDENTITY_NUMBER: ("shield", "warning"),
    Reason.BAD_CHECK_DIGITS: ("scan", "warning"),
    Reason.BAD_LENGTH: ("scan", "warning"),
    Reason.EXPIRED: ("hourglass", "neutral"),
    Reason.BAD_SIGNATURE: ("shield-x", "danger"),
    Reason.REVOKED: ("ban", "danger"),
    Reason.REPLAYED: ("history", "warning"),
    Reason.NOT_YET_VALID: ("hourglass", "neutral"),
}
FACTS_SHOWN: Final = 3
CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl N", "keys.new_member"), KeyCue("F5", "keys.sync"),
    KeyCue("F9", "keys.lock"),
)  # fmt: skip
SERVE, SEARCH, AGAIN, NEW, LATER = "serve", "search", "again", "new_member", "later"
# Reasons that another look at the same customer's phone or card is likely to mend.
_TRY_AGAIN: Final = frozenset({Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.REPLAYED})
_POOR: Final = frozenset({Reason.BAD_CHECK_DIGITS, Reason.BAD_LENGTH, Reason.TWO_CODES, Reason.EMPTY})
_TRIES: Final = 2  # after two poor reads the phone tail comes first (DESIGN-UI.md 8.7)


class ScanResultPage(Page):
    """`search_started`, `new_member_started`, `left`, `served(member id)`: the ways on; Alt 1 and Alt 2 press them."""

    search_started = Signal()
    new_member_started = Signal()
    left = Signal()
    served = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._result: ScanResult | None = None
        self._icon = IconBox("scan", large=True)
        self.sentence = Label("", "heading", wrap=True)
        self._text = Label("", "label", "text2", wrap=True)
        self._facts = column(gap=1, pad=(2, 3))
        self._kept = Label("", "label", "text2", wrap=True)
        self.first = Button("", "primary", key="Alt 1").say("result.search")
        self.second = Button("", key="Alt 2")
        head = row(self._icon, column(self.sentence, self._text, gap=1), gap=3)
        head.setStretch(1, 1)
        facts = QFrame()
        facts.setProperty("kind", "facts")
        facts.setLayout(self._facts)
        card = Card(head, facts, self._kept, row(self.first, self.second, None, gap=2), gap=4, pad=5)
        self._title = Label("", "title").say("result.title")
        self.body.put(self._title)
        self.body.put(ScrollColumn(holder(column(Centred(card, "dialog_text_w"), None, gap=0))))
        self.first.clicked.connect(lambda: self._go(0))
        self.second.clicked.connect(lambda: self._go(1))

    def show_result(self, result: ScanResult) -> None:
        """Say what the scan was."""
        self._result = result
        icon, tone = KINDS[result.kind]
        if result.reason is not None:
            icon, tone = REASONS.get(result.reason, (icon, tone))
        elif result.kind == "other_kind" and result.code_type is not None:
            icon, tone = OTHER_KINDS.get(result.code_type, (icon, tone))
        self._icon.show_icon(icon, tone)
        self.sentence.set_text(result_sentence(result))
        self._text.set_text(_explanation(result))
        self._kept.set_text(_kept(result))
        clear(self._facts)
        for label, value in _facts(result):
            self._facts.put(row(Label(label, "label", "text2"), None, Label(value, "body_strong"), gap=3))
        for button, way in zip((self.first, self.second), ways_on(result), strict=True):
            button.say(f"result.{way}")
        for button in (self.first, self.second):
            button.setVisible(result.kind != "sign_in_first")
        self.setAccessibleName(self.sentence.text())

    def _go(self, at: int) -> None:
        if self._result is None or self._result.kind == "sign_in_first":
            return
        way = ways_on(self._result)[at]
        if way == SERVE:
            self.served.emit(self._result.member_id)
        elif way == SEARCH:
            self.search_started.emit()
        elif way == NEW:
            self.new_member_started.emit()
        else:
            self.left.emit()

    def retranslate(self) -> None:
        if self._result is not None:
            self.show_result(self._result)

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        # The sentence and both ways on must be seen without scrolling.
        self._title.setVisible(not compact)

    def first_focus(self) -> QWidget | None:
        return self.first

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name in ("choice_1", "main_action"):
            self._go(0)
        elif name == "choice_2":
            self._go(1)
        else:
            return False
        return True


def ways_on(result: ScanResult) -> tuple[str, str]:
    """The two ways on, the likelier first."""
    if result.member_id:
        return SERVE, LATER
    if result.kind in ("unknown", "unknown_offline"):
        return SEARCH, NEW
    if result.reason in _TRY_AGAIN or (result.reason in _POOR and result.tries < _TRIES):
        return AGAIN, SEARCH
    return SEARCH, AGAIN


def _kept(result: ScanResult) -> str:
    if result.member_id:
        return t("result.unknown_offline.recorded")
    if result.reason in _POOR and result.tries >= _TRIES:
        return t("result.refused.kept_twice")
    special = f"result.{result.kind}.kept.{result.code_type.value}" if result.code_type is not None else ""
    return t(special) if i18n.has(special) else t(f"result.{result.kind}.kept")


def result_sentence(result: ScanResult) -> str:
    """What happened, in one sentence; also what a screen reader announces."""
    if result.reason is not None:
        return t(f"scan.reason.{result.reason.value}", brand=result.brand.pick(i18n.language()))
    if result.kind == "garbled":
        return t("scan.garbled")
    if result.kind == "clock":
        return t("scan.clock", n=result.clock_off_min) if result.clock_off_min else t("scan.clock_unknown")
    if result.kind in ("unknown_offline", "revoked", "coupon_used"):
        return t(f"scan.{result.kind}")
    if result.code_type is not None and result.kind == "other_kind":
        return t(f"result.other_kind.{result.code_type.value}.title")
    return t(f"result.{result.kind}.title")


def _explanation(result: ScanResult) -> str:
    key = f"result.{result.kind}.text"
    more = result.reason or (result.code_type if result.kind == "other_kind" else None)
    special = f"{key}.{more.value}" if more is not None else key
    return t(special) if i18n.has(special) else t(key)


def _facts(result: ScanResult) -> list[tuple[str, str]]:
    facts = [(t(key), value) for key, value in result.facts]
    if result.made_ms is not None:
        facts.append((t("result.fact.made"), formats.second_text(result.made_ms)))
    if result.ends_ms is not None:
        facts.append((t("result.fact.ends"), _end_text(result.ends_ms, result)))
    if result.reason is Reason.BAD_SIGNATURE:
        facts.append((t("result.fact.signature"), t("result.fact.signature_wrong")))
    if result.host:
        facts.append((t("result.fact.host"), untrusted(result.host)))
    if result.tail:
        facts += [(t("result.fact.card"), result.tail), (t("result.fact.check"), t("result.fact.check_ok"))]
    if result.kind in ("unknown_offline", "unknown"):
        contact = result.last_contact_ms
        when = t("result.fact.never") if contact is None else formats.moment_text(contact, result.at_ms)
        facts.append((t("result.fact.contact"), when))
    else:
        tell = formats.time_text if result.made_ms is None else formats.second_text
        facts.append((t("result.fact.now"), tell(result.at_ms)))
        facts.append((t("result.fact.recorded"), t("result.fact.no")))
    return facts[:FACTS_SHOWN]


def _end_text(ends_ms: int, result: ScanResult) -> str:
    """To the second for what lives a minute."""
    return formats.moment_text(ends_ms, result.at_ms) if result.made_ms is None else formats.second_text(ends_ms)
