"""Issue a code (mockup 06): what kind, the code as large as there is room, where to send it, what a scan of it does."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.services.read_models import CodesInfo, OfferInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.codes import KINDS, CodesState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets.access import Role, set_role
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.big_code import BigCode
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, IconLabel, KeyHint
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup, Tick
from guidedesk.ui.widgets.code_view import CodeView
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.kind_list import Kind, KindList
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import Grid, column, holder, row, rule
from guidedesk.ui.widgets.ring import Ring, RingState
from guidedesk.ui.widgets.states import StatePanel
from guidedesk.ui.widgets.tab_order import bring_into_view_soon

CENTRE: Final = Qt.AlignmentFlag.AlignCenter
ICONS: Final[dict[str, tuple[str, ToneName]]] = {
    "own": ("user-check", "accent"), "invitation": ("user-plus", "info"), "coupon": ("coupon", "gold"),
    "reprint": ("card", "neutral"), "store": ("store", "neutral"),
}
FACTS: Final = ("scanned", "joined", "bound", "bought")
WHOLE_S: Final = 600
CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Alt 1–5", "codes.key.kind"), KeyCue("F12", "keys.customer"),
    KeyCue("Ctrl P", "codes.key.card"), KeyCue("Ctrl L", "codes.key.label"), KeyCue("Ctrl S", "codes.key.png"),
    KeyCue("F5", "keys.sync"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


def kinds(state: CodesState) -> list[Kind]:
    """The kinds in the current language; the reprint says for whom."""
    member = state.member
    found = []
    for number, kind in enumerate(KINDS, 1):
        detail = t(f"codes.kind.{kind}.for")
        if kind in ("reprint", "coupon") and member is not None:
            detail = t(f"codes.kind.{kind}.named", name=person_name(member.name))
        icon, tone = ICONS[kind]
        found.append(Kind(kind, icon, tone, t(f"codes.kind.{kind}"), detail, f"Alt {number}"))
    return found


class KindsCard(Card):
    """The list of kinds, and what came of one's own code today."""

    def __init__(self) -> None:
        super().__init__(pad=0, gap=0)
        self.kinds = KindList("codes.kinds")
        head = column(Label("", "title").say("codes.title"), Label("", "caption", "text2", wrap=True).say("codes.hint"),
                      gap=0, pad=4)
        self._month = Label("", "caption", "text3")
        counts = Grid(gap=2)
        self._values = {name: Label("0", "heading") for name in FACTS}
        for number, name in enumerate(FACTS):
            counts.addWidget(Label("", "caption", "text2").say(f"codes.count.{name}"), 0, number)
            counts.addWidget(self._values[name], 1, number)
            counts.setColumnStretch(number, 1)
        title = row(Label("", "body_strong").say("codes.today"), None, self._month)
        self._counts = holder(column(rule(), column(title, counts, gap=2, pad=4), gap=0))
        self.body.put(head, rule(), ScrollColumn(holder(column(self.kinds, None, self._counts, gap=0))))
        self.body.setStretch(2, 1)

    def show_state(self, state: CodesState) -> None:
        """Fill it in; counts that no server ever sent are left out."""
        self.kinds.show_kinds(kinds(state), state.kind)
        info = state.info
        self._counts.setVisible(info is not None)
        if info is not None:
            for name, label in self._values.items():
                label.set_text(formats.count(int(getattr(info.today, name))))
            self._month.set_text(t("codes.month", n=formats.count(info.month.scanned)))


class ShownCard(Card):
    """The code itself. `screen_switched()`; `acted(number)`, an answer where nothing is shown; `renewed()`."""

    screen_switched = Signal()
    acted = Signal(int)
    renewed = Signal()

    def __init__(self) -> None:
        super().__init__(gap=3)
        self._on_screen = Chip("", "success", icon="monitor").say("codes.on_screen")
        self._down = Button("", icon="eye-off", key="F12").say("codes.take_down")
        self._down.clicked.connect(self.screen_switched)
        self._top = flow(self._on_screen, self._down, align="apart")
        self._avatar = Avatar("", "ml")
        self._name = Label("", "title", lines=1)
        self._who = Label("", "label", "text2", lines=1)
        who = row(None, self._avatar, column(None, self._name, self._who, None, gap=0), None, gap=3)
        self.code = CodeView()
        self._eye = BigCode("code_eye")
        self._eye_note = Label("", "label", "text2", wrap=True, align=CENTRE)
        self._ring = Ring(small=True)
        self._left = Label("", "label", "text2", wrap=True)
        self._again = Button("", "link", size="s", icon="refill").say("codes.again")
        self._again.clicked.connect(self.renewed)
        self._countdown = holder(row(None, self._ring, column(None, self._left, self._again, None, gap=0), None, gap=3))
        self._note = Label("", "caption", "text2", wrap=True, align=CENTRE)
        self._shown = holder(column(who, self.code, row(None, self._eye, None), self._eye_note, self._countdown,
                                    self._note, gap=2))
        box = self._shown.layout()
        if box is not None:
            box.setStretch(1, 1)  # type: ignore[attr-defined]
        self._none = StatePanel("qr")
        self._none.acted.connect(self.acted)
        self._offers = OffersColumn()
        self.offer_chosen = self._offers.chosen
        line = row(self._offers, self._shown, self._none, gap=4)
        line.setStretch(1, 1)
        line.setStretch(2, 1)
        self.body.put(self._top, holder(line))
        self.body.setStretch(1, 1)

    def show_state(self, state: CodesState) -> None:
        """Fill it in."""
        info, has = state.info, bool(state.text)
        self._top.setVisible(state.is_on_screen)
        offers = state.shelf.offers if state.shelf is not None else ()
        self._offers.setVisible(state.kind == "coupon" and bool(offers))
        self._offers.show_state(state)
        self._shown.setVisible(has and info is not None)
        self._none.setVisible(not has and info is not None)
        if info is None:
            return
        if not has:
            self._show_none(state)
            return
        name, what = shown_for(state, info)
        self._avatar.setVisible(state.kind not in ("store", "coupon"))
        self._avatar.show_name(name)
        self._name.set_text(name)
        self._who.set_text(what)
        self.code.show_text(state.text, t(f"codes.spoken.{state.kind}", name=name))
        self._eye.setVisible(bool(state.eye))
        eye = formats.card_no(state.eye) if state.kind == "reprint" else state.eye
        self._eye.show_code(eye, t("codes.eye_spoken", code=" ".join(state.eye)))
        self._eye_note.set_text(t(f"codes.eye.{state.kind}"))
        self._note.set_text(t(f"codes.note.{state.kind}"))
        left = state.left_s
        self._countdown.setVisible(left is not None)
        if left is not None:
            clock = f"{left // 60}:{left % 60:02d}"
            words = t("codes.left", time=clock)
            self._ring.show_state(RingState(left, WHOLE_S, clock, "", "accent" if left > 60 else "warning", words))
            self._left.set_text(t("codes.left_text"))

    def _show_none(self, state: CodesState) -> None:
        why = state.why_none or "no_own"
        name = person_name(state.member.name) if state.member is not None else ""
        actions = {
            "ask": "codes.reprint", "give": "codes.load", "joined": "codes.again", "over": "codes.again",
            "no_member": "codes.find",
        }  # fmt: skip
        action: tuple[str, ...] = (t(actions[why]),) if why in actions else ()
        offer = state.offer
        what = offer_name(offer) if offer is not None else ""
        text = t(f"codes.none.{why}_text", name=name, offer=what)
        if state.asks:
            text, action = t("codes.reprint_asks", name=name), (t("codes.reprint_yes"), t("codes.reprint_no"))
        self._none.show_text(t(f"codes.none.{why}", name=name, offer=what), text, action)


def offer_name(offer: OfferInfo) -> str:
    """`满 1,500 减 200`, in the current language."""
    return untrusted(offer.name.pick(i18n.language()), 40)


class OffersColumn(QFrame):
    """Offers she may give, and what her allowance of the week still holds. `chosen(number)` as text."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.group = ChoiceGroup("codes.offers")
        self.group.chosen.connect(self.chosen)
        self._terms = Label("", "caption", "text2", wrap=True)
        self._left = Label("", "caption", "text2", wrap=True)
        self._loaded = Label("", "caption", "warning", wrap=True)
        self.setLayout(column(Label("", "label", "text2").say("codes.offers"), self.group, self._terms, None,
                              self._loaded, self._left, gap=3))
        self.setProperty("kind", "plain")
        look().restyled.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setFixedWidth(look().m.code_view_min)

    def show_state(self, state: CodesState) -> None:
        """Fill it in."""
        shelf, offer = state.shelf, state.offer
        if shelf is None or offer is None:
            return
        self.group.show_choices([Choice(str(one.number), offer_name(one)) for one in shelf.offers], str(offer.number))
        end = formats.day_text(formats.local_day(offer.ends_at_ms))
        terms = untrusted(offer.terms.pick(i18n.language()), 120)
        said = t("codes.offer_terms", terms=terms, date=end) if terms else t("codes.offer_ends", date=end)
        self._terms.set_text(said)
        self._left.set_text(t("codes.offer_left", left=offer.left, count=offer.week_count,
                              amount=formats.money(offer.left_minor, offer.currency)))
        first = next((one.offer for one in shelf.loaded if one.offer is not None), None)
        self._loaded.setVisible(first is not None)
        if first is not None:
            self._loaded.set_text(t("codes.offer_loaded", n=len(shelf.loaded), offer=offer_name(first),
                                    date=formats.day_text(formats.local_day(first.ends_at_ms))))


def shown_for(state: CodesState, info: CodesInfo) -> tuple[str, str]:
    """Whose code it is, and a line about it."""
    lang = i18n.language()
    store = untrusted(info.store.name.pick(lang), 40)
    if state.kind == "reprint" and state.card is not None:
        return person_name(state.card.member.name), t("codes.who.reprint")
    if state.kind == "coupon" and state.given is not None:
        return offer_name(state.given.offer), t("codes.who.coupon", name=person_name(state.given.member.name))
    if state.kind == "store":
        return store, t("codes.who.store")
    return person_name(info.staff.name.pick(lang)), t(f"codes.who.{state.kind}", store=store)


class SendCard(Card):
    """Where to send it."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self.load = Button("", "primary", icon="card", key="Ctrl Enter", wide=True).say("codes.load")
        self.to_screen = Button("", "primary", icon="monitor", key="F12", wide=True).say("codes.to_screen")
        self.card = Button("", icon="print", key="Ctrl P", wide=True).say("codes.to_card")
        self.label = Button("", icon="tag", key="Ctrl L", wide=True).say("codes.to_label")
        self.png = Button("", icon="download", key="Ctrl S", wide=True).say("codes.to_png")
        self.printers = Button("", "link", size="s").say("codes.printers")
        head = row(Label("", "heading").say("codes.where"), None, self.printers)
        # For posters and print shops: the same picture as lines instead of dots.
        self.svg, self.pdf = Button("", "link", size="s").say("codes.to_svg"), Button("", "link", size="s").say(
            "codes.to_pdf")
        self.body.put(head, self.load, self.to_screen, self.card, self.label, self.png, flow(self.svg, self.pdf, gap=2))
        self.badge = Button("", "link", size="s").say("codes.badge")
        self.body.put(self.badge)

    def show_state(self, state: CodesState) -> None:
        """What can be done with what is shown, and why not."""
        reason = "" if state.text else t("codes.nothing_shown")
        for button in (self.to_screen, self.label, self.png, self.svg, self.pdf):
            button.allow(not reason, reason)
        is_card = state.kind == "reprint" and bool(state.text)
        is_giving = state.kind == "coupon" and state.given is None
        self.load.setVisible(is_giving)
        can_give = is_giving and state.why_none == "give" and state.offer is not None
        self.load.allow(can_give, "" if can_give else t("codes.nothing_to_give"))
        self.to_screen.set_kind("default" if is_giving else "primary")
        self.badge.setVisible(state.kind == "own")
        self.card.setVisible(state.kind == "reprint")
        self.card.allow(is_card, "" if is_card else reason)


class WhatCard(Card):
    """What happens when it is scanned."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._lines = [Label("", "label", "text2", wrap=True) for _ in range(3)]
        rows = []
        for number, label in enumerate(self._lines, 1):
            line = row(KeyHint(str(number)), label, gap=2)
            line.setStretch(1, 1)
            rows.append(line)
        self.body.put(Label("", "heading").say("codes.what"), *rows)

    def show_state(self, state: CodesState) -> None:
        """Three sentences, in the order in which they happen."""
        days = state.info.window_days if state.info is not None else 15
        for number, label in enumerate(self._lines, 1):
            label.set_text(t(f"codes.what.{state.kind}.{number}", days=days))


class ProblemCard(Card):
    """What went wrong, what is safe, and the job again where it is kept."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._text = Label("", "label", "danger", wrap=True)
        self.again = Button("", size="s", icon="print").say("codes.print_again")
        line = row(IconLabel("alert", "danger"), self._text, gap=2)
        line.setStretch(1, 1)
        self.body.put(line, row(self.again, None))
        set_role(self, Role.AlertMessage)

    def show_problem(self, text: str, *, can_repeat: bool) -> None:
        """Fill it in."""
        self._text.set_text(text)
        self.setAccessibleName(text)
        self.again.setVisible(can_repeat)


class CodesPage(Page):
    """`kind_chosen(kind)`, `screen_switched`, `card_wanted`, `label_wanted`, `picture_wanted(kind)`, `badge_wanted`,
    `printers_wanted`, `invitation_wanted`, `member_wanted`, `asked(bool)`, `reissued`, `take_down_set(bool)`,
    `offer_chosen(number)`, `given`, `renewed`."""

    kind_chosen = Signal(str)
    screen_switched = Signal()
    card_wanted = Signal()
    label_wanted = Signal()
    picture_wanted = Signal(str)  # png, svg or pdf
    badge_wanted = Signal()
    printers_wanted = Signal()
    invitation_wanted = Signal()
    member_wanted = Signal()
    asked = Signal(bool)
    reissued = Signal()
    take_down_set = Signal(bool)
    offer_chosen = Signal(int)
    given = Signal()
    renewed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state = CodesState()
        self.kinds, self.shown, self.send, self.what = KindsCard(), ShownCard(), SendCard(), WhatCard()
        self._problem = ProblemCard()
        self._problem.again.clicked.connect(self.label_wanted)
        self._settings = Card(gap=2)
        self._by_itself = Tick().say("codes.by_itself")
        self._asks = Label("", "label", "text2", wrap=True).say("codes.renew_asks")
        self._renew = Button("", "danger", size="s").say("codes.renew")
        self._renew_no = Button("", size="s").say("codes.renew_no")
        self._settings.body.put(self._by_itself, self._asks, flow(self._renew, self._renew_no))
        side = column(self.send, self._problem, self.what, self._settings, None, gap=3)
        self.columns = ColumnsPane(
            Pane(self.kinds, "codes.kinds", "codes_list_w"), Pane(self.shown, "codes.code"),
            Pane(ScrollColumn(holder(side)), "codes.where", "codes_side_w"), is_whole=True,
        )  # fmt: skip
        self.body.put(self.columns)
        self.body.setStretch(0, 1)
        self._connect()

    def _connect(self) -> None:
        self.kinds.kinds.chosen.connect(self.kind_chosen)
        self.shown.screen_switched.connect(self.screen_switched)
        self.shown.renewed.connect(self.invitation_wanted)
        self.shown.acted.connect(self._answered)
        self.shown.offer_chosen.connect(self._offer_chosen)
        self.send.load.clicked.connect(self.given)
        self.send.to_screen.clicked.connect(self.screen_switched)
        self.send.card.clicked.connect(self.card_wanted)
        self.send.label.clicked.connect(self.label_wanted)
        self.send.png.clicked.connect(lambda: self.picture_wanted.emit("png"))
        self.send.svg.clicked.connect(lambda: self.picture_wanted.emit("svg"))
        self.send.pdf.clicked.connect(lambda: self.picture_wanted.emit("pdf"))
        self.send.badge.clicked.connect(self.badge_wanted)
        self.send.printers.clicked.connect(self.printers_wanted)
        self._by_itself.toggled.connect(self.take_down_set)
        self._renew.clicked.connect(self._renew_pressed)
        self._renew_no.clicked.connect(self._renew_left)

    def render_state(self, state: CodesState) -> None:
        """Show everything."""
        was_asking, self._state = self._state.asks, state
        for part in (self.kinds, self.shown, self.send, self.what):
            part.show_state(state)
        problem = message_for(state.problem) if state.problem is not None else None
        self._problem.setVisible(problem is not None)
        if problem is not None:
            self._problem.show_problem(problem.text, can_repeat=state.kept_label)
        is_own = state.kind == "own" and bool(state.text)
        self._renew.setVisible(is_own)
        for widget in (self._asks, self._renew_no):
            widget.setVisible(is_own and state.asks)
        if is_own and state.asks and not was_asking:
            bring_into_view_soon(self._renew_no)
        self._by_itself.blockSignals(True)
        self._by_itself.setChecked(state.takes_down)
        self._by_itself.blockSignals(False)

    def _renew_pressed(self) -> None:
        """Asked once, inline: the second press does it."""
        if self._state.asks:
            self.renewed.emit()
        else:
            self.asked.emit(True)

    def _renew_left(self) -> None:
        self.asked.emit(False)

    def _answered(self, number: int) -> None:
        state = self._state
        if state.asks:
            if number == 0:
                self.reissued.emit()
            else:
                self.asked.emit(False)
        elif state.why_none == "ask":
            self.asked.emit(True)
        elif state.why_none == "give":
            self.given.emit()
        elif state.why_none == "no_member":
            self.member_wanted.emit()
        else:
            self.invitation_wanted.emit()

    def _offer_chosen(self, number: str) -> None:
        self.offer_chosen.emit(int(number))

    def retranslate(self) -> None:
        self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.kinds.kinds.current()

    def panes(self) -> list[QWidget]:
        return self.columns.panes()

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name.startswith("choice_") and int(name[-1]) <= len(KINDS):
            self.kind_chosen.emit(KINDS[int(name[-1]) - 1])
            self.columns.show_pane(1)
            return True
        if name == "customer_screen":
            self.screen_switched.emit()
            return True
        if name == "main_action" and self.send.load.isEnabled() and not self.send.load.isHidden():
            self.given.emit()
            return True
        pressed = {"print_card": self.send.card, "print_label": self.send.label, "save_png": self.send.png}
        if name in pressed:
            if pressed[name].isEnabled() and not pressed[name].isHidden():
                pressed[name].click()
            return True
        if name in ("close", "back") and self._state.asks:
            self.asked.emit(False)
            return True
        return False
