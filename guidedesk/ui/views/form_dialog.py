"""The frame of every form dialog: who it is about, the form, what the keys do, what is wrong, save."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.forms import FormState
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.chips import Chip, IconLabel, KeyHint
from guidedesk.ui.widgets.columns import ScrollColumn, width_for
from guidedesk.ui.widgets.fitting import FittingRow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_TOP, Box, column, holder, row
from guidedesk.ui.widgets.overlay import Dialog
from guidedesk.ui.widgets.tab_order import bring_into_view

Hint = tuple[str, str]
NEXT: Final[Hint] = ("Tab", "log.key.next")
CHOOSE: Final[Hint] = ("1–9", "log.key.choose")
LEAVE: Final[Hint] = ("Esc", "log.key.leave")
CLOSE: Final[Hint] = ("Esc", "form.key.close")


class FormDialog(Dialog):
    """`saved` on Ctrl Enter, `closed` on Esc. Put the form into `form`; a second pane may stand beside it."""

    saved = Signal()

    def __init__(self, title_key: str, save_key: str, *, side: QWidget | None = None, hints: tuple[Hint, ...] = (),
                 keeps: bool = True) -> None:
        self._side: QFrame | None = None
        super().__init__()
        self._form_title = title_key
        self._told: tuple[tuple[str, GuideDeskError], ...] = ()
        # Large text makes the side longer than the dialog: it scrolls by itself, on its own ground.
        self._side = holder(column(ScrollColumn(side), gap=0), kind="side") if side is not None else None
        self._avatar, self._chip = Avatar("", "m"), Chip()
        self.head.insertWidget(0, self._avatar)
        self.head.insertWidget(2, self._chip)
        self.form: Box = column(gap=4, pad=(4, 5))
        line = row(ScrollColumn(holder(self.form)), gap=0)
        line.setStretch(0, 1)
        if self._side is not None:
            line.put(self._side)
        self.body.put(line)
        caps = [(KeyHint(cap), Label("", "caption", "text3").say(key)) for cap, key in hints]
        self._hints = FittingRow(*caps)
        self._problem = Label("", "label", "danger", wrap=True)
        self.keep = Button("").say("log.keep" if keeps else "form.close")
        self.save = Button("", "primary", key="Ctrl Enter").say(save_key)
        self.end_with(self.keep, self.save, self._hints, self._problem)
        self.foot.setStretch(1, 1)
        look().retranslated.connect(self.retranslate)

    def show_head(self, state: FormState, problem: str = "") -> None:
        """Name, whose member, what is wrong at the foot."""
        card = state.card
        if card is None:
            return
        self.title.set_text(t(self._form_title, name=words.member_name(card)))
        self.setAccessibleName(self.title.text())
        self._avatar.show_name(card.name)
        self._chip.show_state(words.bind_text(card.owner), words.OWNER_TONES[card.owner.state])
        self._problem.set_text(problem)
        self.save.setEnabled(not state.is_saving)

    def show_wrong(self, state: FormState) -> None:
        """Bring the keyboard to the first field that was just found wrong; typing into it is never disturbed."""
        fresh = [name for name, error in state.problems if (name, error) not in self._told]
        self._told = state.problems
        field = self.field(fresh[0]) if fresh else None
        if field is not None and self.isVisible():
            field.setFocus(Qt.FocusReason.OtherFocusReason)
            bring_into_view(field)

    def field(self, name: str) -> QWidget | None:
        """Where a field of this name is typed."""
        return None

    def main_action(self) -> None:
        self.saved.emit()

    def retranslate(self) -> None:
        """Render again in another language."""

    def wanted_size(self) -> tuple[int, int]:
        """The size of pattern E with a pane at the side, else as high as the form needs."""
        m = look().m
        if self._side is not None:
            return m.dialog_w, m.dialog_h
        width = m.dialog_form_w
        inner = self.form.parentWidget()
        high = inner.heightForWidth(width) if inner is not None and inner.hasHeightForWidth() else -1
        if high < 0:
            high = self.form.sizeHint().height()
        return width, high + m.dialog_head_h + m.dialog_foot_h + m.card_pad

    def _restyle(self) -> None:
        super()._restyle()
        self.body.setContentsMargins(0, 0, 0, 0)
        self._fit_side()

    def _fit(self) -> None:
        super()._fit()
        self._fit_side()

    def _fit_side(self) -> None:
        if self._side is not None:
            self._side.setFixedWidth(width_for(self._side, look().m.pane_left))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        m = look().m
        wide = self.width() >= (m.dialog_w if self._side is not None else m.dialog_form_w) * 4 // 5
        if self._side is not None:
            self._side.setVisible(wide)
        for widget in (self._chip, self._hints):
            widget.setVisible(wide)


def step(key: str) -> Label:
    """The heading of one step of a form."""
    return Label("", "body_strong", "text2").say(key)


def noted(icon: str, label: Label) -> Box:
    """A sentence with an icon before its first line."""
    mark = IconLabel(icon, "text2", "iconSmall")
    line = row(mark, label, gap=2)
    line.setStretch(1, 1)
    line.setAlignment(mark, ALIGN_TOP)
    return line


class RulesSide(QFrame):
    """What saving a form means, beside it: a heading and sentences, each (icon, key)."""

    def __init__(self, title_key: str, sentences: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        lines = [noted(icon, Label("", "label", "text2", wrap=True).say(key)) for icon, key in sentences]
        self.setLayout(column(Label("", "heading").say(title_key), *lines, None, gap=4, pad=4))
