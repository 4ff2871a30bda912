"""The middle of the Segments page: conditions that read as a sentence, who may be contacted, and a few figures."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QWidget

from guidedesk.domain.segments import Condition
from guidedesk.services.segments import AudienceCount, Board
from guidedesk.ui import formats
from guidedesk.ui import segment_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.segments_state import SegmentsState
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.theme import look
from guidedesk.ui.theme.icons import icon
from guidedesk.ui.views.segments_edit import edited
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, IconLabel
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.dot import Dot
from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import clear, column, holder, row, rule
from guidedesk.ui.widgets.slot_button import SlotButton

# Fixed order and colours of the parts of the bar (DESIGN-UI.md 14).
_PARTS: Final = (("reachable", "chart2"), ("no_consent", "chart5"), ("capped", "chart3"), ("muted", "chart4"))
_LOW: Final = QSizePolicy.Policy.Maximum


class ConditionRow(QFrame):
    """One condition: its icon, its sentence with slots to change, who is left after it, and away with it.

    `changed(Condition)`, `removed()`.
    """

    changed = Signal(object)
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._condition: Condition | None = None
        self._shape: tuple[object, ...] = ()
        self._icon = IconLabel("tag", "text2", "iconSmall")
        self._except = Chip("", "warning")
        self._flow = Flow(gap=2, line_gap=1)
        self._sentence = QWidget()
        self._sentence.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self._sentence.setSizePolicy(policy)
        self.left = Label("", "caption", "text2")
        self.away = icon_button("x", "seg.remove", size="s")
        self.away.clicked.connect(self.removed)
        self.slots: dict[str, SlotButton] = {}
        line = row(self._icon, self._sentence, self.left, self.away, gap=2, pad=(1, 1, 1, 3))
        line.setStretch(1, 1)
        self.setLayout(line)

    def show_condition(self, condition: Condition, number: int, left: str, board: Board, *, locked: str) -> None:
        """Its words now; `left` says who is left after it, `locked` why nothing can be changed."""
        pieces = tuple(words.parts(condition))
        shape = (condition.kind, condition.is_not, pieces)
        if shape != self._shape:
            self._shape = shape
            self._rebuild(condition, pieces)
        self._condition = condition
        self._icon.show_icon(words.icon_of(condition.kind), "text2")
        for slot, button in self.slots.items():
            choices = [Choice(option.value, option.text) for option in words.options(condition, slot, board)]
            text = words.slot_text(condition, slot, board)
            button.show_slot(text, t(f"seg.slot.{slot}"), choices, words.chosen(condition, slot))
            button.allow(not locked, locked)
        self.left.set_text(left)
        self.away.allow(not locked, locked)
        self.away.setAccessibleName(t("seg.remove_condition", n=number))
        self.setAccessibleName(f"{words.sentence(condition, board)}, {left}".strip(", "))

    def _rebuild(self, condition: Condition, pieces: tuple[tuple[str, str], ...]) -> None:
        clear(self._flow)
        self.slots = {}
        if condition.is_not:
            self._flow.addWidget(Chip(t("seg.except_mark"), "warning"))
        for said, slot in pieces:
            if slot:
                button = SlotButton()
                button.chosen.connect(partial(self._chosen, slot))
                self.slots[slot] = button
                self._flow.addWidget(button)
            else:
                self._flow.addWidget(Label(said, "body"))
        for part in self._sentence.findChildren(QWidget):
            part.show()
        self._sentence.updateGeometry()

    def _chosen(self, slot: str, value: str) -> None:
        if self._condition is not None:
            self.changed.emit(edited(self._condition, slot, value))


class AddMenu(Button):
    """Opens the kinds of condition there are: `chosen(kind)`."""

    chosen = Signal(str)

    def __init__(self, key: str, *, icon_name: str = "", shortcut: str = "", kind: str = "default") -> None:
        super().__init__("", "link" if kind == "link" else "default", icon=icon_name, key=shortcut)
        self.say(key)
        self._kinds: tuple[str, ...] = ()
        self.clicked.connect(self.open_menu)

    def show_kinds(self, kinds: tuple[str, ...], locked: str) -> None:
        """What can be added, or why nothing can."""
        self._kinds = kinds
        self.allow(bool(kinds) and not locked, locked or t("seg.full"))

    def menu_actions(self) -> QMenu:
        """The menu as it would open now."""
        menu = QMenu(self)
        side, colour = look().m.button_icon, look().q("text2").name()
        for kind in self._kinds:
            action = QAction(t(f"seg.add.{kind}").replace("&", "&&"), menu)
            action.setIcon(icon(words.icon_of(kind), side, colour, self.devicePixelRatioF()))
            action.triggered.connect(partial(self.chosen.emit, kind))
            menu.addAction(action)
        return menu

    def open_menu(self) -> None:
        """Open it, the first kind under the keyboard."""
        if not self.isEnabled():
            return
        menu = self.menu_actions()
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
        if menu.actions():
            menu.setActiveAction(menu.actions()[0])


class Conditions(QWidget):
    """All conditions of an audience, how they join, and one more. `changed(at, Condition)`, `removed(at)`."""

    changed = Signal(int, object)
    removed = Signal(int)
    mode_chosen = Signal(str)
    added = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.mode = ChoiceGroup("seg.mode", style="segment")
        self.mode.chosen.connect(self.mode_chosen)
        self._mode_line = holder(
            row(
                Label("", "label", "text2").say("seg.mode_before"), self.mode,
                Label("", "label", "text2").say("seg.mode_after"), None, gap=2,
            )
        )  # fmt: skip
        self.rows: list[ConditionRow] = []
        self._column = column(gap=2)
        self._everybody = Label("", "body", "text2", wrap=True)
        self.add = AddMenu("seg.add_condition", icon_name="plus", shortcut="Ctrl =")
        self.add_except = AddMenu("seg.add_except", kind="link")
        self.add.chosen.connect(self._add)
        self.add_except.chosen.connect(self._add_except)
        self._adders = holder(row(self.add, self.add_except, None, gap=2))
        self.setLayout(column(self._mode_line, self._everybody, self._column, self._adders, None, gap=2, pad=4))

    def show_state(self, state: SegmentsState) -> None:
        """The conditions of the audience on show."""
        draft, board = state.draft, state.board
        if draft is None or board is None:
            return
        locked = t(state.why_not_edited) if state.why_not_edited else ""
        by_hand = draft.kind == "hand"
        conditions = draft.audience.conditions
        self._mode_line.setVisible(not by_hand and len(conditions) > 1)
        self._everybody.setVisible(by_hand or not conditions)
        self._everybody.set_text(t("seg.by_hand_text" if by_hand else "seg.everybody"))
        self._adders.setVisible(not by_hand)
        modes = [Choice(mode, t(f"seg.mode.{mode}"), reason=locked) for mode in ("all", "any")]
        self.mode.show_choices(modes, draft.audience.mode)
        self._fit(len(conditions))
        steps = () if state.count is None else state.count.steps
        for at, (line, condition) in enumerate(zip(self.rows, conditions, strict=True)):
            left = _left_text(at, draft.audience.mode, steps) if len(steps) == len(conditions) else t("seg.counting")
            line.show_condition(condition, at + 1, left, board, locked=locked)
        kinds = tuple(str(kind) for kind in state.kinds)
        self.add.show_kinds(kinds, locked)
        self.add_except.show_kinds(kinds if conditions else (), locked)

    def _fit(self, count: int) -> None:
        while len(self.rows) > count:
            gone = self.rows.pop()
            gone.hide()
            self._column.removeWidget(gone)
            gone.deleteLater()
        while len(self.rows) < count:
            line = ConditionRow()
            at = len(self.rows)
            line.changed.connect(partial(self._changed, at))
            line.removed.connect(partial(self.removed.emit, at))
            self.rows.append(line)
            self._column.addWidget(line)
            line.show()

    def _changed(self, at: int, condition: object) -> None:
        self.changed.emit(at, condition)

    def _add(self, kind: str) -> None:
        self.added.emit(kind, False)

    def _add_except(self, kind: str) -> None:
        self.added.emit(kind, True)


def _left_text(at: int, mode: str, steps: tuple[int, ...]) -> str:
    key = "seg.count_first" if at == 0 else "seg.count_any" if mode == "any" else "seg.count_left"
    return t(key, n=words.number(steps[at]))


class ReachCard(Card):
    """Who of the audience may be contacted, and why the others may not: a bar, and the same in words."""

    def __init__(self) -> None:
        super().__init__(gap=2, pad=4)
        self.title = Label("", "body_strong", lines=2)
        self._rule = Label("", "caption", "text2", lines=1).say("seg.reach.rule")
        self.bar = Bar()
        self._legend = Flow(gap=4, line_gap=1)
        self._words = {name: Label("", "label", "text2") for name, _ in _PARTS}
        for name, ink in _PARTS:
            self._legend.addWidget(holder(row(Dot(ink), self._words[name], gap=1)))
        legend = QWidget()
        legend.setLayout(self._legend)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        legend.setSizePolicy(policy)
        self.members = Button("", icon="users", key="Alt T").say("seg.members.open")
        head = row(column(self.title, self._rule, gap=0), self.members, gap=2)
        head.setStretch(0, 1)
        self.body.put(head, self.bar, legend)

    def show_count(self, count: AudienceCount, channel: str, cap: int) -> None:
        """Fill it in."""
        self.title.set_text(
            t("seg.reach.title", reachable=formats.count(count.reachable), matched=formats.count(count.matched))
        )
        texts = {
            "reachable": t("seg.reach.reachable"), "no_consent": t(f"seg.reach.no_consent.{channel}"),
            "capped": t("seg.reach.capped", n=cap), "muted": t("seg.reach.muted"),
        }  # fmt: skip
        said = [f"{formats.count(getattr(count, name))} {texts[name]}" for name, _ in _PARTS]
        for (name, _), text in zip(_PARTS, said, strict=True):
            self._words[name].set_text(text)
        parts = tuple(Part(permille(getattr(count, name), count.matched), ink) for name, ink in _PARTS)
        self.bar.show_parts(parts, ", ".join((self.title.text(), *said)))


class Tile(Card):
    """A grey label over a figure."""

    def __init__(self, key: str) -> None:
        super().__init__(gap=0, pad=3)
        self._label = Label("", "caption", "text2", lines=1).say(key)
        self.value = Label("", "body_strong", lines=1)
        self.body.put(self._label, self.value)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, _LOW)

    def show_value(self, text: str) -> None:
        """A figure, or nothing: then the tile goes."""
        self.value.set_text(text)
        self.setVisible(bool(text))


class BuildCard(QFrame):
    """The audience on show: its name, what became of the last change, its conditions, and what they come to."""

    copied = Signal()
    rename_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.title = Label("", "heading", lines=1)
        self.kind = Chip("", "accent")
        self.saved = Label("", "caption", "text2")
        self.copy = Button("").say("seg.copy")
        self.rename = icon_button("edit", "seg.rename")
        self.remove = icon_button("trash", "seg.remove")
        self.copy.clicked.connect(self.copied)
        self.rename.clicked.connect(self.rename_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        ways = (self.rename, self.remove, self.copy)
        head = row(self.title, self.kind, None, self.saved, *ways, gap=2, pad=(2, 4, 2, 4))
        self._head = holder(head)
        self.conditions = Conditions()
        self.problem = Label("", "label", "danger", wrap=True)
        self.reach = ReachCard()
        self.tiles = {name: Tile(f"seg.tile.{name}") for name in ("average", "top", "came", "done")}
        tiles = row(*self.tiles.values(), gap=2)
        for at in range(len(self.tiles)):
            tiles.setStretch(at, 1)
        self._bottom = holder(column(self.problem, self.reach, tiles, gap=2, pad=4))
        lines = column(self._head, rule(), ScrollColumn(self.conditions), self._bottom, gap=0)
        lines.setStretch(2, 1)
        self.setLayout(lines)

    def show_state(self, state: SegmentsState, problem: str, *, compact: bool) -> None:
        """The audience on show."""
        draft, count = state.draft, state.count
        if draft is None or state.board is None:
            return
        self.title.set_text(untrusted(draft.name, 40))
        self.kind.show_state(t(f"seg.kind.{draft.kind}"), "accent")
        self.kind.setVisible(not compact)
        self.saved.set_text(_saved_text(state))
        self.saved.setVisible(not compact)
        locked = t(state.why_not_edited) if state.why_not_edited else ""
        self.rename.allow(not locked, locked)
        self.remove.allow(not locked, locked)
        self.copy.allow(not locked and draft.kind == "dynamic", locked or t("seg.copy_hand"))
        self.conditions.show_state(state)
        self.problem.set_text(problem)
        self.problem.setVisible(bool(problem))
        self.reach.setVisible(count is not None)
        if count is not None:
            self.reach.show_count(count, state.channel, state.cap_week)
        self._show_tiles(state, count)

    def _show_tiles(self, state: SegmentsState, count: AudienceCount | None) -> None:
        board, last = state.board, state.last
        average = None if count is None else count.average_minor
        top = None if count is None else count.top_percent
        currency = "CNY" if board is None else board.currency
        self.tiles["average"].show_value("" if average is None else formats.money_short(average, currency))
        self.tiles["top"].show_value("" if top is None else f"{top}%")
        kept = 0 if last is None else last.sent - last.recalled
        self.tiles["came"].show_value(formats.percent(last.came, kept) if last is not None and kept else "")
        self.tiles["done"].show_value(formats.percent(last.on_time, kept) if last is not None and kept else "")


def _saved_text(state: SegmentsState) -> str:
    draft = state.draft
    if draft is None or state.is_offline:
        return ""
    if state.is_saving or (draft.is_changed and state.save_problem is None):
        return t("seg.saving")
    if state.save_problem is not None:
        return t("seg.unsaved")
    return t("seg.saved", time=formats.time_text(state.saved_at_ms)) if state.saved_at_ms else ""
