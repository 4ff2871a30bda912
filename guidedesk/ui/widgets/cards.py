"""Cards: surface, one pixel line, radius 12, no shadow (DESIGN-UI.md 3)."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.ui.theme import Space, look
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Box, Item, column, row, rule, set_flag


class Card(QFrame):
    """A plain card; add to `body`."""

    def __init__(self, *items: Item, gap: Space = 2, pad: Space = 4, accented: bool = False) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setProperty("accented", accented)
        self.body: Box = column(*items, gap=gap, pad=pad)
        self.setLayout(self.body)

    def set_chosen(self, chosen: bool) -> None:
        """Outline it as the chosen one of several."""
        set_flag(self, "chosen", chosen)


class TitledCard(QFrame):
    """A card with a title line, an aside at its right, edge-to-edge content and an optional foot line."""

    def __init__(self, title_key: str = "", *, divided: bool = True, title: str = "") -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.title = Label(title, "heading")
        if title_key:
            self.title.say(title_key)
        self.note = Label("", "caption", "text3", lines=1)
        self.note.hide()
        self.head: Box = row(self.title, self.note, None, gap=3, pad=(0, 4, 0, 4))
        self._head = QWidget()
        self._head.setLayout(self.head)
        self._head.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.body: Box = column(gap=0)
        self._outer = column(self._head, gap=0)
        self._rule = rule()
        self._divided = divided
        self._content = QWidget()
        self._content.setLayout(self.body)
        self._outer.put(self._rule, self._content)
        self._outer.setStretch(2, 1)
        self.setLayout(self._outer)
        # Only now: shown before it has a parent, a line is a window of its own for a moment and takes the keyboard.
        self._rule.setVisible(divided)
        look().restyled.connect(self._restyle)
        self._restyle()

    def aside(self, *widgets: QWidget) -> None:
        """Put widgets at the right end of the title line."""
        self.head.put(*widgets)

    def set_note(self, text: str) -> None:
        """A grey remark behind the title."""
        self.note.set_text(text)
        self.note.setVisible(bool(text))

    def set_folded(self, folded: bool) -> None:
        """Show only the title line, as optional cards do in a low window (DESIGN-UI.md 3)."""
        self._content.setVisible(not folded)
        self._rule.setVisible(self._divided and not folded)

    def foot(self, *items: Item) -> Box:
        """Add the foot line with a divider above; returns its row."""
        line = row(*items, gap=2, pad=(2, 4, 2, 4))
        self._outer.put(rule(), line)
        return line

    def _restyle(self) -> None:
        self._head.setMinimumHeight(look().m.card_head_h)


def fact(label: str, value: str, *, style: str = "body_strong") -> Box:
    """A grey label above its value."""
    big = Label(value, "heading" if style == "heading" else "body_strong")
    return column(Label(label, "caption", "text3"), big, gap=0)


def fact_line(label: str, value: str, *, ink: str = "text") -> Box:
    """A label and its value at the two ends of a line."""
    return row(Label(label, "label", "text2"), None, Label(value, "body_strong", ink), gap=2)


def notice(icon: str, text: str) -> Box:
    """A small sentence with an icon, as at the foot of cards."""
    return row(IconBox(icon), Label(text, "caption", "text2", wrap=True), gap=2)
