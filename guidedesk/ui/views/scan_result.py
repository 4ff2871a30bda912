"""What an unusual scan leads to (mockup 07): calm, one sentence, three facts, what is recorded, two ways on."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.codes.forms import Reason
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
from guidedesk.ui.widgets.labels import Label
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
}
REASONS: Final[dict[Reason, tuple[str, ToneName]]] = {
    Reason.PRODUCT: ("tshirt", "neutral"),
    Reason.PAYMENT_OR_IDENTITY_NUMBER: ("shield", "warning"),
    Reason.BAD_CHECK_DIGITS: ("scan", "warning"),
    Reason.BAD_LENGTH: ("scan", "warning"),
    Reason.EXPIRED: ("hourglass", "neutral"),
    Reason.BAD_SIGNATURE: ("shield-x", "danger"),
    Reason.REVOKED: ("ban", "danger"),
}
FACTS_SHOWN: Final = 3
CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl N", "keys.new_member"), KeyCue("F5", "keys.sync"),
    KeyCue("F9", "keys.lock"),
)  # fmt: skip
OFFERS_NEW: Final = ("unknown", "unknown_offline")


class ScanResultPage(Page):
    """`search_started`, `new_member_started`, `left`: the ways on; Alt 1 and Alt 2 press them."""

    search_started = Signal()
    new_member_started = Signal()
    left = Signal()

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
        self.first.clicked.connect(self.search_started)
        self.second.clicked.connect(self._second)

    def show_result(self, result: ScanResult) -> None:
        """Say what the scan was."""
        self._result = result
        icon, tone = KINDS[result.kind]
        if result.reason is not None:
            icon, tone = REASONS.get(result.reason, (icon, tone))
        self._icon.show_icon(icon, tone)
        self.sentence.set_text(result_sentence(result))
        self._text.set_text(_explanation(result))
        self._kept.set_text(t(f"result.{result.kind}.kept"))
        clear(self._facts)
        for label, value in _facts(result):
            self._facts.put(row(Label(label, "label", "text2"), None, Label(value, "body_strong"), gap=3))
        self.second.say("result.new_member" if result.kind in OFFERS_NEW else "result.again")
        for button in (self.first, self.second):
            button.setVisible(result.kind != "sign_in_first")
        self.setAccessibleName(self.sentence.text())

    def _second(self) -> None:
        if self._result is not None and self._result.kind in OFFERS_NEW:
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
            self.search_started.emit()
        elif name == "choice_2":
            self._second()
        else:
            return False
        return True


def result_sentence(result: ScanResult) -> str:
    """What happened, in one sentence; also what a screen reader announces."""
    if result.reason is not None:
        return t(f"scan.reason.{result.reason.value}", brand=result.brand.pick(i18n.language()))
    if result.kind == "garbled":
        return t("scan.garbled")
    if result.kind in ("unknown_offline", "revoked"):
        return t(f"scan.{result.kind}")
    if result.code_type is not None:
        return t(f"result.other_kind.{result.code_type.value}.title")
    return t(f"result.{result.kind}.title")


def _explanation(result: ScanResult) -> str:
    key = f"result.{result.kind}.text"
    special = f"{key}.{result.reason.value}" if result.reason is not None else key
    return t(special) if i18n.has(special) else t(key)


def _facts(result: ScanResult) -> list[tuple[str, str]]:
    facts = []
    if result.tail:
        facts += [(t("result.fact.card"), result.tail), (t("result.fact.check"), t("result.fact.check_ok"))]
    if result.kind in ("unknown_offline", "unknown"):
        contact = result.last_contact_ms
        when = t("result.fact.never") if contact is None else formats.moment_text(contact, result.at_ms)
        facts.append((t("result.fact.contact"), when))
    else:
        facts.append((t("result.fact.recorded"), t("result.fact.no")))
        facts.append((t("result.fact.now"), formats.time_text(result.at_ms)))
    return facts[:FACTS_SHOWN]
