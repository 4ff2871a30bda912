"""The screen while it is turned to the customer: the brand above, what is hers below, one way back (DESIGN-UI.md 10).

It covers the whole window, so that of rail, search, counts, toasts and dialogs nothing is left to see or to hear.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.services.member_models import ConsentInfo
from guidedesk.services.queries.wishes import WishInfo
from guidedesk.services.read_models import OfferInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.turn import TurnedPerson, TurnState
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.timeline import TimelineModel, timeline_row
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.member_points import balance_text, points_text
from guidedesk.ui.widgets.access import Role, announce, set_role
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card, TitledCard
from guidedesk.ui.widgets.chips import Chip, KeyHint
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import Box, clear, column, holder, row, rule
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.rows import LineDelegate
from guidedesk.ui.widgets.states import empty_state

LINES_SHOWN: Final = 4
NAME_SHOWN: Final = 40  # characters
BACK: Final = "turn_to_customer"  # the same command turns there and back


class BrandBar(QFrame):
    """The top bar with nothing but the brand."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "topbar")
        self._is_compact = False
        self.brand = Label("", "title", lines=1)
        self._line = row(self.brand)
        self.setLayout(self._line)
        look().restyled.connect(self._restyle)
        self._restyle()

    def set_compact(self, compact: bool) -> None:
        """The window became small, or large enough again."""
        self._is_compact = compact
        self._restyle()

    def _restyle(self) -> None:
        m = look().m
        self.setFixedHeight(m.top_bar_compact if self._is_compact else m.top_bar)
        side = m.page_pad_x_compact if self._is_compact else m.page_pad_x
        self._line.setContentsMargins(side, 0, side, 1)


class WayBack(QFrame):
    """The foot: how the associate gets her screen back, and how it is locked. `wanted()`."""

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "keybar")
        self._is_compact = False
        self.button = Button("", key="Ctrl Shift H").say("turned.back")
        self.button.clicked.connect(self.wanted)
        lock = holder(row(KeyHint("F9"), Label("", "caption", "text2").say("keys.lock"), gap=2))
        self._line = row(self.button, None, lock, gap=3)
        self.setLayout(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look().restyled.connect(self._restyle)
        self._restyle()

    def set_compact(self, compact: bool) -> None:
        """The window became small, or large enough again."""
        self._is_compact = compact
        self._restyle()

    def _restyle(self) -> None:
        m, space = look().m, look().tokens.space(1)
        side = m.page_pad_x_compact if self._is_compact else m.page_pad_x
        self._line.setContentsMargins(side, space, side, space)


class PersonHead(Card):
    """Her name and tier."""

    def __init__(self) -> None:
        super().__init__()
        self._avatar, self._small_avatar = Avatar("", "l"), Avatar("", "m")
        self._name, self._tier = Label("", "title", lines=2), Chip()
        line = row(self._avatar, self._small_avatar, self._name, self._tier, gap=4)
        line.setStretch(2, 1)
        self.body.addLayout(line)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """A smaller picture letter where her purchases need the height."""
        self._avatar.setVisible(not compact)
        self._small_avatar.setVisible(compact)

    def show_person(self, person: TurnedPerson) -> None:
        """Fill it in."""
        for avatar in (self._avatar, self._small_avatar):
            avatar.show_name(person.name)
        self._name.set_text(words.shown_name(person.name, person.name_en, is_erased=False))
        self._tier.show_state(t(f"tier.{person.tier}"), words.TIER_TONES[person.tier], words.TIER_ICONS[person.tier])


class LinesCard(Card):
    """A title and a few lines, or nothing at all."""

    def __init__(self, title_key: str) -> None:
        super().__init__(gap=2)
        self._list = column(gap=2)
        self._note = Label("", "caption", "text3")
        self.body.put(row(Label("", "heading").say(title_key), None, self._note), self._list)

    def show_lines(self, lines: list[Box], more: int = 0) -> None:
        """Fill it in; `more` of them are not shown."""
        clear(self._list)
        for number, line in enumerate(lines):
            if number:
                self._list.put(rule())
            self._list.put(line)
        self._note.set_text(t("member.follow_ups_more", n=more) if more > 0 else "")
        self.setVisible(bool(lines))


class BoughtCard(TitledCard):
    """What she bought and brought back, newest first. `more_wanted()` at the end of the list."""

    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("turned.bought")
        self.model = TimelineModel()
        self.model.more_wanted.connect(self.more_wanted)
        self.view = ListView(self.model, LineDelegate(), "turned.bought")
        self._none = empty_state("bag")
        self.body.put(self.view, self._none)

    def show_person(self, person: TurnedPerson, now_ms: int) -> None:
        """Fill it in; the row she is on stays."""
        rows = [timeline_row(one, now_ms, hides_amounts=person.hides_amounts) for one in person.bought]
        self.model.show_rows(rows, has_more=person.has_more and len(rows) < person.bought_total)
        self.view.setVisible(bool(rows))
        self._none.setVisible(not rows)
        self._none.show_text(t("turned.bought_none"), t("turned.bought_none_text"))


class TurnedPage(Page):
    """`turned_back()` by key or button, `locked()` by F9, `more_wanted()` at the end of the list."""

    turned_back = Signal()
    locked = Signal()
    more_wanted = Signal()

    def __init__(self) -> None:
        self._middle: Box | None = None
        super().__init__()
        self._state: TurnState | None = None
        self.bar, self.foot = BrandBar(), WayBack()
        self._news = Banner("info", "info", closable=False)
        self.head = PersonHead()
        self.points, self.coupons = LinesCard("turned.points"), LinesCard("member.coupons")
        self.wishes, self.consents = LinesCard("wish.card"), LinesCard("member.consents")
        self.bought = BoughtCard()
        cards = column(self.points, self.coupons, self.wishes, self.consents, None, gap=3)
        self.columns = ColumnsPane(
            Pane(self.bought, "turned.bought"),
            Pane(ScrollColumn(holder(cards)), "turned.yours", "pane_right"), least="timeline_min",
        )  # fmt: skip
        self._welcome = empty_state("scan")
        person = column(self.head, self.columns, gap=3)
        person.setStretch(1, 1)
        self._person = holder(person)
        middle = column(self._news, self._person, self._welcome, gap=3)
        middle.setStretch(1, 1)
        middle.setStretch(2, 1)
        self._middle = middle
        self.body.setSpacing(0)
        self.body.put(self.bar)
        self.body.addLayout(middle, 1)
        self.body.put(self.foot)
        self.foot.wanted.connect(self.turned_back)
        self.bought.more_wanted.connect(self.more_wanted)
        set_role(self, Role.Pane)
        self._person.hide()
        self._pad()

    def render_state(self, state: TurnState) -> None:
        """Show a state; what was there before is taken out, not only hidden."""
        before, self._state = self._state, state
        self.setAccessibleName(t("turned.name"))
        self.bar.brand.set_text(untrusted(state.brand.pick(i18n.language()), NAME_SHOWN))
        self._news.show_text("", t("turned.news"))
        self._news.setVisible(state.has_news)
        person = state.person
        self._person.setVisible(person is not None)
        self._welcome.setVisible(person is None)
        # After somebody else's code nothing more is shown here: nobody is asked for a code in vain.
        self._welcome.show_text(t("turned.welcome"), "" if state.has_news else t("turned.welcome_text"))
        self._show_person(person or NOBODY_ELSE, state.now_ms)
        if before is not None and state.has_news and not before.has_news:
            announce(self, t("turned.news"))
        if (before.person if before is not None else None) != person and self.isVisible():
            self._keep_focus_here()

    def _show_person(self, person: TurnedPerson, now_ms: int) -> None:
        self.head.show_person(person)
        self.bought.show_person(person, now_ms)
        self.points.show_lines(_points_lines(person))
        self.coupons.show_lines([_coupon_line(one, now_ms) for one in person.coupons[:LINES_SHOWN]],
                                len(person.coupons) - LINES_SHOWN)
        self.wishes.show_lines([_wish_line(one, now_ms) for one in person.wishes[:LINES_SHOWN]],
                               len(person.wishes) - LINES_SHOWN)
        self.consents.show_lines(_consent_lines(person.consents))

    def _keep_focus_here(self) -> None:
        # A list that has just been hidden would hand the keyboard on to the button, and a scanner ends with Enter.
        (self.first_focus() or self).setFocus(Qt.FocusReason.OtherFocusReason)

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        """The list, or the page itself: never the way back, which an Enter would take."""
        if self._state is None or self._state.person is None or not self.bought.model.rowCount():
            return None
        return self.columns.tabs if self.columns.is_tabbed and not self.bought.isVisible() else self.bought.view

    def panes(self) -> list[QWidget]:
        return [*self.columns.panes(), self.foot]

    def handle_command(self, name: str) -> bool:
        if name == BACK:
            self.turned_back.emit()
        elif name == "lock":
            self.locked.emit()
        else:
            return False
        return True

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        for part in (self.bar, self.head, self.foot):
            part.set_compact(compact)

    def _pad(self) -> None:
        # Bar and foot reach from edge to edge; what is between them has the margins.
        self._frame.setContentsMargins(0, 0, 0, 0)
        m = look().m
        across = m.page_pad_x_compact if self.is_compact else m.page_pad_x
        down = m.page_pad_y_compact if self.is_compact else m.page_pad_y
        if self._middle is not None:
            self._middle.setContentsMargins(across, down, across, down)


NOBODY_ELSE: Final = TurnedPerson("", "", "", "casual")


def _points_lines(person: TurnedPerson) -> list[Box]:
    balance = balance_text(person.points)
    if person.points is None or not balance:
        return []
    text = points_text(person.points)
    lines = column(Label(balance, "body_strong", wrap=True), gap=0)
    if text:
        lines.put(Label(text, "caption", "text2", wrap=True))
    return [lines]


def _coupon_line(offer: OfferInfo, now_ms: int) -> Box:
    end = formats.day_text(formats.local_day(offer.ends_at_ms), formats.local_day(now_ms))
    worth = formats.money(offer.value_minor, offer.currency) if offer.value_minor else t("member.gift")
    name = Label(untrusted(offer.name.pick(i18n.language()), NAME_SHOWN), "body", wrap=True)
    chip = Chip("", "gold", icon="coupon")
    chip.set_text(worth)
    line = row(column(name, Label(t("member.coupon_until", date=end), "caption", "text3"), gap=0), chip, gap=2)
    line.setStretch(0, 1)
    return line


def _wish_line(one: WishInfo, now_ms: int) -> Box:
    day = formats.day_text(formats.local_day(one.wished_at_ms), formats.local_day(now_ms))
    parts = [*(untrusted(part, 20) for part in (one.wish.size, one.wish.colour) if part), day]
    name = Label(untrusted(one.name.pick(i18n.language()), NAME_SHOWN), "body", wrap=True)
    return column(name, Label(" · ".join(parts), "caption", "text3", wrap=True), gap=0)


def _consent_lines(consents: tuple[ConsentInfo, ...]) -> list[Box]:
    chips = []
    for one in consents:
        if one.purpose in words.SHOWN_CONSENTS:
            chips.append(Chip())
            chips[-1].show_state(*words.consent_chip(one))
    return [column(flow(*chips, gap=2))] if chips else []
