"""Two cards of the member page: what she wishes for, and the dates of her family (DESIGN-UI.md 2)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal

from guidedesk.domain.family import FamilyDate
from guidedesk.services.queries.wishes import WishInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.member_care import MemberCareState
from guidedesk.ui.views import member_words as words
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import Box, clear, column, row, rule

WISHES_SHOWN: Final = 4
NAME_SHOWN: Final = 40  # characters


class WishesCard(Card):
    """Open wishes, the newest first; hidden when there are none. `ended(id, how)`."""

    ended = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._count = Label("", "caption", "text3")
        self._list = column(gap=2)
        self.body.put(row(Label("", "heading").say("wish.card"), None, self._count), self._list)
        self._shown: object = None
        self.hide()

    def show_care(self, state: MemberCareState) -> None:
        """Fill it in."""
        care = state.care
        found = tuple(one for one in care.wishes if one.state == "open") if care is not None else ()
        self.setVisible(bool(found))
        wanted = (found, care.now_ms // 60_000 if care else 0, care.store_id if care else "", i18n.language())
        if care is None or wanted == self._shown:
            return
        self._shown = wanted
        clear(self._list)
        for number, one in enumerate(found[:WISHES_SHOWN]):
            if number:
                self._list.put(rule())
            self._list.put(self._line(one, care.now_ms, is_ours=one.scope_id == care.store_id))
        more = len(found) - WISHES_SHOWN
        self._count.set_text(t("member.follow_ups_more", n=more) if more > 0 else "")

    def _line(self, one: WishInfo, now_ms: int, *, is_ours: bool) -> Box:
        name = untrusted(one.name.pick(i18n.language()) or one.wish.words, NAME_SHOWN)
        day = formats.day_text(formats.local_day(one.wished_at_ms), formats.local_day(now_ms))
        parts = [*(untrusted(part, 20) for part in (one.wish.size, one.wish.colour) if part), day]
        if one.wish.until is not None:
            until = formats.day_text(one.wish.until, formats.local_day(now_ms))
            parts.append(t("tasks.until", date=until))
        lines = column(Label(name, "body", wrap=True), Label(" · ".join(parts), "caption", "text3", wrap=True), gap=0)
        if one.in_stock is not None:
            lines.put(Label(_stock_text(one, now_ms), "label", "success", wrap=True))
        if not is_ours:
            lines.put(Label("", "caption", "text3", wrap=True).say("wish.elsewhere"))
            return lines
        wish_id = one.wish.id
        met = Button("", size="s", icon="check").say("wish.bought")
        met.setAccessibleName(t("wish.bought_named", name=name))
        met.clicked.connect(lambda: self.ended.emit(wish_id, "bought"))
        gone = icon_button("x", "wish.gone", size="s")
        gone.setAccessibleName(t("wish.gone_named", name=name))
        gone.clicked.connect(lambda: self.ended.emit(wish_id, "gone"))
        lines.put(row(met, gone, None, gap=1))
        return lines


class FamilyCard(Card):
    """Dates of her family; hidden when there are none or consent is gone. `removed(FamilyDate)`."""

    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._list = column(gap=1)
        self.body.put(Label("", "heading").say("family.card"), self._list)
        self._shown: object = None
        self.hide()

    def show_care(self, state: MemberCareState) -> None:
        """Fill it in; a colleague's protected member keeps hers to herself."""
        found = state.care.family if state.care is not None and not state.hides_amounts else ()
        self.setVisible(bool(found))
        wanted = (found, i18n.language())
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._list)
        for one in found:
            self._list.put(self._line(one))

    def _line(self, one: FamilyDate) -> Box:
        day = words.birthday_text(one.month_day)
        whose = t("family.line", who=t(f"family.who.{one.relation}"), what=t(f"family.event.{one.event}"))
        off = icon_button("x", "family.remove", size="s")
        off.setAccessibleName(t("family.remove_named", whose=whose, day=day))
        off.clicked.connect(lambda: self.removed.emit(one))
        line = row(Label(whose, "body", wrap=True), Label(day, "label", "text2"), off, gap=2)
        line.setStretch(0, 1)
        return line


def _stock_text(one: WishInfo, now_ms: int) -> str:
    stock = one.in_stock
    if stock is None:
        return ""
    as_of = formats.moment_text(stock.as_of_ms, now_ms)
    if stock.shelf:
        return t("wish.in_stock_shelf", n=stock.quantity, shelf=untrusted(stock.shelf, 16), time=as_of)
    return t("wish.in_stock", n=stock.quantity, time=as_of)
