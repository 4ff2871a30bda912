"""The cards of the member page: owner, consent and tags, follow-ups, preferences (mockup 03)."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.services.member_models import FollowUpInfo, MemberCard, Preferences
from guidedesk.services.read_models import OfferInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.member import MemberState
from guidedesk.ui.views import member_words as words
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.charts import BarChart, Column
from guidedesk.ui.widgets.chips import Chip, IconLabel
from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import Box, Grid, clear, column, fit_count, holder, row, rule
from guidedesk.ui.widgets.ring import Ring
from guidedesk.ui.widgets.states import empty_state
from guidedesk.ui.widgets.swatch import Swatches, swatch_of
from guidedesk.ui.widgets.tags import TagEditor

FOLLOW_UPS_SHOWN: Final = 3
COUPONS_SHOWN: Final = 3
# Serve, redeem, return, log; no phone and no amounts (DESIGN-UI.md 5.7).
ABILITIES: Final = (
    ("member.can.see", True), ("member.can.redeem", True), ("member.can.log", True), ("member.cannot.bind", False),
    ("member.cannot.phone", False),
)  # fmt: skip
SIZES_SHOWN: Final = 4
AGAIN_SHOWN: Final = 3
FIRST_HOUR, LAST_HOUR = 10, 21
STRONG_SHARE: Final = 60  # per cent of the busiest hour


class OwnerCard(Card):
    """Whose member it is, how long her window runs, what that means. `bound()` when it should become one's own."""

    bound = Signal()

    def __init__(self) -> None:
        super().__init__(gap=3)
        self._chip = Chip()
        self._ring = Ring()
        self._name = Label("", "body_strong", wrap=True)
        self._lines = Label("", "caption", "text3", wrap=True)
        self._pending = Chip("", "info", icon="queue").say("member.owner_pending")
        self._rule_text = Label("", "caption", "text2", wrap=True)
        facts = column(None, self._name, self._lines, row(self._pending, None), None, gap=0)
        middle = row(self._ring, facts, gap=4)
        middle.setStretch(1, 1)
        head = row(Label("", "heading", wrap=True).say("member.owner"), self._chip, gap=2)
        head.setStretch(0, 1)
        self._bind = Button("", "link", size="s").say("actions.bind")
        self._bind.clicked.connect(self.bound)
        self.body.put(head, middle, rule(), self._rule_text, row(self._bind, None))

    def show_owner(self, card: MemberCard, now_ms: int) -> None:
        """Fill the card."""
        owner = card.owner
        self._chip.show_state(*words.owner_chip(owner))
        self._ring.show_state(words.ring_state(owner))
        name = words.owner_name(owner)
        is_mine = owner.state.startswith("mine")
        self._name.set_text(t("member.owner_me", name=name) if is_mine else name or t("member.owner_chip.none"))
        self._lines.set_text("\n".join(words.owner_lines(owner, now_ms)))
        self._lines.setVisible(bool(self._lines.text()))
        self._pending.setVisible(owner.is_pending)
        self._rule_text.set_text(words.owner_rule(card))
        # A colleague's protected member stays hers, and one's own in the window needs nothing: no invitation there.
        self._bind.setVisible(owner.state not in ("mine", "other"))


class ConsentCard(Card):
    """What the member agreed to, and tags. `changed()`, `tag_added(text)`, `tag_removed(tag)`."""

    changed = Signal()

    tag_added = Signal(str)
    tag_removed = Signal(str)
    own_tag_added = Signal(str)
    own_tag_removed = Signal(str)

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._note = Label("", "caption", "text3", lines=1)
        grid = Grid(gap=2)
        self._chips = {purpose: Chip() for purpose in words.SHOWN_CONSENTS}
        for number, chip in enumerate(self._chips.values()):
            chip.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            grid.addWidget(chip, number // 2, number % 2)
        self.tags = TagEditor()
        self.tags.added.connect(self.tag_added)
        self.tags.removed.connect(self.tag_removed)
        self.tags.own_added.connect(self.own_tag_added)
        self.tags.own_removed.connect(self.own_tag_removed)
        self._add = Button("", "link", size="s").say("member.tag_add")
        self._add.clicked.connect(self.tags.begin)
        self._change = Button("", "link", size="s").say("actions.change")
        self._change.clicked.connect(self.changed)
        head = row(Label("", "heading").say("member.consents"), self._note, self._change, gap=2)
        head.setStretch(1, 1)
        tag_head = row(Label("", "heading").say("member.tags"), None, self._add)
        self._consents = holder(column(head, grid, gap=2))
        self._ideas = Flow(gap=1, line_gap=1)
        self._ideas_title = Label("", "caption", "text3").say("member.tag_ideas")
        self._ideas_box = holder(column(self._ideas_title, self._ideas, gap=1))
        self._ideas_box.hide()
        self._shown_ideas: object = None
        self.body.put(self._consents, tag_head, self.tags, self._ideas_box, None)

    def show_state(self, state: MemberState) -> None:
        """Fill the card."""
        card = state.card
        if card is None:
            return
        found = {consent.purpose: consent for consent in card.consents}
        for purpose, chip in self._chips.items():
            chip.setVisible(purpose in found)
            if purpose in found:
                chip.show_state(*words.consent_chip(found[purpose]))
        self._note.set_text(words.consents_note(card.consents, state.now_ms))
        self._consents.setVisible(not card.is_erased)
        note = message_for(state.tag_error).text if state.tag_error else ""
        self.tags.show_tags(card.tags, card.own_tags, editable=not card.is_erased, note=note)
        self._add.allow(not card.is_erased, t("member.erased_reason"))


    def show_ideas(self, ideas: tuple[str, ...]) -> None:
        """Tags her purchases suggest; each is put on by a person, or not."""
        self._ideas_box.setVisible(bool(ideas))
        wanted = (ideas, i18n.language())
        if wanted == self._shown_ideas:
            return
        self._shown_ideas = wanted
        clear(self._ideas)
        for tag in ideas:
            button = Button(untrusted(tag, 24), "quiet", size="s", icon="plus")
            button.setAccessibleName(t("member.tag_idea", tag=button.text()))
            button.clicked.connect(partial(self.tag_added.emit, tag))
            self._ideas.addWidget(button)


class FollowUpsCard(Card):
    """Open promises, soonest first; `completed(id)`, `changed(id)` to hand it over or cancel it."""

    completed = Signal(str)
    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._count = Label("", "caption", "text3")
        self._list = column(gap=2)
        self.body.put(row(Label("", "heading").say("member.follow_ups"), None, self._count), self._list)
        self._shown: object = None

    def show_items(self, items: tuple[FollowUpInfo, ...], now_ms: int) -> None:
        """Fill the card; it is hidden when there is nothing to do."""
        self.setVisible(bool(items))
        wanted = (items, now_ms // 60_000, i18n.language())
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._list)
        for number, item in enumerate(items[:FOLLOW_UPS_SHOWN]):
            if number:
                self._list.put(rule())
            self._list.put(self._line(item, now_ms))
        more = len(items) - FOLLOW_UPS_SHOWN
        self._count.set_text(t("member.follow_ups_more", n=more) if more > 0 else "")

    def _line(self, item: FollowUpInfo, now_ms: int) -> Box:
        words_ = untrusted(item.text) or t(f"member.reason.{item.reason}")
        late = item.days_overdue > 0
        when = Label(words.follow_up_when(item, now_ms), "caption", "danger" if late else "text3")
        button = Button(t("member.follow_up_mark"), size="s", icon="check")
        button.setAccessibleName(t("member.follow_up_mark_named", text=words_))
        item_id = item.id
        button.clicked.connect(lambda: self.completed.emit(item_id))
        more = icon_button("more", "follow_up.more", size="s")
        more.setAccessibleName(t("follow_up.more_named", text=words_))
        more.clicked.connect(lambda: self.changed.emit(item_id))
        line = row(column(Label(words_, "body", wrap=True), when, gap=0), row(button, more, gap=0), gap=3)
        line.setStretch(0, 1)
        return line


class AbilitiesCard(Card):
    """What one may do with a colleague's protected member, and what not (mockup 07b); hidden with anybody else."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self.body.put(Label("", "heading").say("member.can"))
        for key, is_allowed in ABILITIES:
            icon, ink = ("check", "success") if is_allowed else ("x", "danger")
            words_ = Label("", "body" if is_allowed else "label", "text" if is_allowed else "text2", wrap=True).say(key)
            line = row(IconLabel(icon, ink, "iconSmall"), words_, gap=2)
            line.setStretch(1, 1)
            self.body.put(line)


class CouponsCard(Card):
    """Coupons on her card; hidden when there are none (DESIGN-UI.md 2). `use_wanted(handle, number of the offer)`."""

    use_wanted = Signal(str, int)

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._count = Label("", "caption", "text3")
        self._list = column(gap=2)
        self.body.put(row(Label("", "heading").say("member.coupons"), None, self._count), self._list)
        self._shown: object = None

    def show_coupons(self, found: tuple[OfferInfo, ...], now_ms: int) -> None:
        """Fill the card."""
        self.setVisible(bool(found))
        wanted = (found, now_ms // 60_000, i18n.language())
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._list)
        for offer in found[:COUPONS_SHOWN]:
            end = formats.day_text(formats.local_day(offer.ends_at_ms), formats.local_day(now_ms))
            self._list.put(self._line(offer, end))
        more = len(found) - COUPONS_SHOWN
        self._count.set_text(t("member.follow_ups_more", n=more) if more > 0 else "")

    def _line(self, offer: OfferInfo, end: str) -> Box:
        chip = Chip("", "gold", icon="coupon")
        chip.set_text(formats.money(offer.value_minor, offer.currency) if offer.value_minor else t("member.gift"))
        words_ = untrusted(offer.name.pick(i18n.language()), 40)
        until = Label(t("member.coupon_until", date=end), "caption", "text3")
        use = Button(t("redeem.save"), "link", size="s")
        use.setAccessibleName(t("member.coupon_use_named", name=words_))
        handle, number = offer.handle, offer.number
        use.clicked.connect(lambda: self.use_wanted.emit(handle, number))
        line = row(column(Label(words_, "body", wrap=True), until, gap=0), chip, use, gap=2)
        line.setStretch(0, 1)
        return line


class PreferencesCard(Card):
    """Sizes, colours and hours of the member's own purchases, and what she is likely to buy again when."""

    def __init__(self) -> None:
        super().__init__(gap=3)
        self._note = Label("", "caption", "text3")
        self._sizes = Flow(gap=1)
        self._swatches = Swatches()
        self._colours = Label("", "caption", "text2", wrap=True)
        self._hours = BarChart()
        self._again = Label("", "caption", "text2", wrap=True)
        self._grid = Grid(gap=3)
        colours = row(self._swatches, self._colours, gap=2)
        colours.setStretch(1, 1)
        self._colour_box = holder(colours)
        self._size_box = holder(self._sizes)
        self._titles: dict[QWidget, Label] = {}
        for number, (key, widget) in enumerate(
            (("member.sizes", self._size_box), ("member.colours", self._colour_box), ("member.hours", self._hours),
             ("member.buys_again", self._again))
        ):
            self._titles[widget] = Label("", "caption", "text3").say(key)
            self._grid.addWidget(self._titles[widget], number, 0)
            self._grid.addWidget(widget, number, 1)
        self._grid.setColumnStretch(1, 1)
        self._figures = holder(self._grid)
        self._none = empty_state("bag")
        self.body.put(row(Label("", "heading").say("member.preferences"), None, self._note), self._figures, self._none,
                      None)
        self._shown: object = None

    def show_preferences(self, found: Preferences) -> None:
        """Fill the card; without purchases it says what will appear."""
        has = found.orders > 0
        if self._shown == (found, i18n.language()):
            return
        self._shown = (found, i18n.language())
        self._note.set_text(t("member.from_orders", n=found.orders) if has else "")
        self._figures.setVisible(has)
        self._none.setVisible(not has)
        if has:
            self._show_figures(found)
        else:
            self._none.show_text(t("member.preferences_none"), t("member.preferences_none_text"))

    def _size_chip(self) -> Chip:
        is_first = self._sizes.count() == 0
        return Chip(outline=not is_first, chosen=is_first, large=True)

    def _show_figures(self, found: Preferences) -> None:
        sizes = found.sizes[:SIZES_SHOWN]
        for chip, (size, _) in zip(fit_count(self._sizes, len(sizes), self._size_chip), sizes, strict=True):
            chip.set_text(untrusted(size, 12))
        names = [colour for colour, _ in found.colours]
        # What her purchases do not tell is left out, and the card closes up.
        again = "\n".join(words.buys_again_text(one) for one in found.buys_again[:AGAIN_SHOWN])
        self._again.set_text(again)
        for box, is_known in (
            (self._size_box, bool(found.sizes)), (self._colour_box, bool(names)), (self._again, bool(again)),
        ):  # fmt: skip
            box.setVisible(is_known)
            self._titles[box].setVisible(is_known)
        samples = (swatch_of(colour.zh, colour.en) for colour in names)
        self._swatches.show_colours(tuple(sample for sample in samples if sample is not None))
        self._colours.set_text(" · ".join(untrusted(colour.pick(i18n.language()), 24) for colour in names))
        most = max(found.hours, default=0)
        columns = tuple(
            Column(found.hours[hour], str(hour) if hour % 2 == 0 else "",
                   most > 0 and found.hours[hour] * 100 >= most * STRONG_SHARE)
            for hour in range(FIRST_HOUR, LAST_HOUR + 1)
        )
        busiest = found.hours.index(most) if most else FIRST_HOUR
        self._hours.show_columns(columns, t("member.hours_summary", hour=busiest))


def member_facts(card: MemberCard) -> str:
    """Card number and masked phone in one line, for a window too small for chips."""
    number = formats.card_no(card.card_no) if card.card_no else ""
    return " · ".join(part for part in (number, words.phone_text(card)) if part)
