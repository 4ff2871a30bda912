"""The member card (mockup 03): who this is, whose member, what was between us, what now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.services.member_models import MemberCard
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.bind import BindResult
from guidedesk.ui.presenters.member import MemberState
from guidedesk.ui.presenters.member_care import MemberCareState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.timeline import TimelineModel, TimelineWords
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.bind_words import result_words
from guidedesk.ui.views.member_care import NextCard, TierCard
from guidedesk.ui.views.member_keeps import FamilyCard, WishesCard
from guidedesk.ui.views.member_parts import (
    AbilitiesCard,
    ConsentCard,
    CouponsCard,
    FollowUpsCard,
    OwnerCard,
    PreferencesCard,
    member_facts,
)
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import announce
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card, TitledCard
from guidedesk.ui.widgets.chips import Chip, IconLabel, KeyHint
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Box, column, holder, lasting_layouts, row, settle_layouts
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.menu_button import MenuButton, MenuItem
from guidedesk.ui.widgets.rows import LineDelegate
from guidedesk.ui.widgets.states import StaleChip, empty_state

FILTERS: Final = (("all", ""), ("purchase", "bag"), ("wechat", "chat"), ("visit", "store"), ("return", "return"),
                 ("points", "gift"))
COUNTED: Final = ("all", "purchase")
ACTIONS: Final = (
    MenuItem("edit", "actions.edit", "edit", "Alt 1"), MenuItem("consent", "actions.consent", "shield-check", "Alt 2"),
    MenuItem("bind", "actions.bind", "link", "Alt 3"), MenuItem("sale", "actions.sale", "yuan", "Alt 4"),
    MenuItem("claim", "actions.claim", "flag", "Alt 5"), MenuItem("wish", "actions.wish", "star", "Alt 6"),
    MenuItem("family", "actions.family", "users", "Alt 7"), MenuItem("visit", "actions.visit", "calendar", "Alt 8"),
    MenuItem("task", "actions.task", "tasks", "Alt 9"), MenuItem("phone", "actions.phone", "eye", "Alt P"),
    MenuItem("history", "member.history", "receipt", "Ctrl H"), MenuItem("points", "points.spend", "gift", "Ctrl R"),
    MenuItem("gathering", "actions.gathering", "users", "Ctrl J"), MenuItem("duplicate", "actions.duplicate", "users"),
    MenuItem("group", "actions.group", "pin"),
)  # fmt: skip
# What only other parts of the card show.
_NOT_OF_THE_HEAD: Final[dict[str, Any]] = {
    "consents": (), "tags": (), "own_tags": (), "timeline": (), "timeline_counts": (), "follow_ups": (), "coupons": (),
    "last_visit_ms": None, "preferences": None,
}  # fmt: skip
BY_KEY: Final = {"reveal_phone": "phone", "gatherings": "gathering"}  # commands of the window
CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("F4", "keys.log"), KeyCue("Ctrl B", "keys.served"),
    KeyCue("Ctrl H", "keys.history"), KeyCue("Alt 1–9", "keys.actions"), KeyCue("F5", "keys.sync"),
    KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


class MemberHead(QFrame):
    """Name, tier, card number, phone, birthday; the three things to do."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._avatar = Avatar("", "l")
        self._small_avatar = Avatar("", "m")
        # A long name takes two lines of its own and then ends with … (DESIGN-UI.md 9).
        self._name, self._long_name = Label("", "title"), Label("", "title", lines=2)
        self._tier, self._number = Chip(), Chip(outline=True)
        self._how, self._missing = Chip(), Chip("", "warning", icon="edit").say("member.incomplete")
        self._pending = Chip("", "info", icon="queue").say("member.waiting")
        self._stale = StaleChip()
        chips = (self._tier, self._number, self._how, self._missing, self._pending, self._stale)
        self._phone, self._birthday, self._joined = Label("", "label", "text2"), Label("", "label", "text2"), Label(
            "", "label", "text2")
        self._birthday_box = holder(row(IconLabel("cake", "text2", "iconSmall"), self._birthday, gap=1))
        self._private = Label("", "label", "text2")
        self._private_box = holder(row(IconLabel("lock", "text2", "iconSmall"), self._private, gap=1))
        self._facts = flow(
            holder(row(IconLabel("phone", "text2", "iconSmall"), self._phone, gap=1)), self._birthday_box,
            holder(row(IconLabel("history", "text2", "iconSmall"), self._joined, gap=1)), self._private_box, gap=4,
        )  # fmt: skip
        self._short = Label("", "caption", "text3", lines=1)
        self.log = Button("", "primary", icon="note", key="F4").say("member.log")
        self.served = Button("", icon="tshirt", key="Ctrl B").say("member.served")
        self.history = Button("", icon="receipt", key="Ctrl H").say("member.history")
        self.log_small = Button("", "primary").say("member.log")
        self.served_small = icon_button("tshirt", "member.served", kind="default")
        self.more = MenuButton("actions.more", ACTIONS)
        self.history.show_key(False)  # the timeline's foot and the key bar say it; long names need the room
        self._name.setContentsMargins(0, 0, look().tokens.space(1), 0)
        name_line = flow(self._name, *chips, gap=2)
        who = column(None, self._long_name, name_line, self._short, self._facts, None, gap=1)
        line = row(self._avatar, self._small_avatar, who, self.log, self.served, self.history, self.log_small,
                   self.served_small, self.more, gap=2, pad=(3, 4))
        line.setStretch(2, 1)
        line.insertSpacing(2, look().tokens.space(2))
        self.setLayout(line)
        self._is_small = False
        self._arrange()

    def set_small(self, small: bool) -> None:
        """Less words when the window is too small for them."""
        if small != self._is_small:
            self._is_small = small
            self._arrange()

    def _arrange(self) -> None:
        small = self._is_small
        for widget in (self._avatar, self._facts, self.log, self.served, self.history):
            widget.setVisible(not small)
        for widget in (self._small_avatar, self._short, self.log_small, self.served_small):
            widget.setVisible(small)

    def show_state(self, state: MemberState, card: MemberCard) -> None:
        """Fill it in."""
        name = words.member_name(card)
        is_long = paint.width_of(name, look().font("title")) > look().m.pane_min
        for label, is_used in ((self._long_name, is_long), (self._name, not is_long)):
            label.set_text(name)
            label.setVisible(is_used)
        for avatar in (self._avatar, self._small_avatar):
            avatar.show_name("" if card.is_erased else card.name)
        self._tier.show_state(t(f"tier.{card.tier}"), words.TIER_TONES[card.tier], words.TIER_ICONS[card.tier])
        self._number.set_text(t("member.card_no", number=formats.card_no(card.card_no)) if card.card_no else "")
        self._number.setVisible(bool(card.card_no) and not self._is_small)
        scanned = state.how == "scanned"
        self._how.show_state(t("member.verified" if scanned else "member.searched"),
                             "success" if scanned else "neutral", "check" if scanned else "search")
        self._how.setVisible(not self._is_small and not card.is_erased)
        self._missing.setVisible(card.is_incomplete and not card.is_erased)
        self._pending.setVisible(card.is_pending)
        self._stale.show_time(formats.time_text(state.as_of_ms) if state.as_of_ms is not None else "")
        self._phone.set_text(words.phone_text(card))
        self._birthday.set_text(words.birthday_text(card.birthday) if card.birthday else "")
        self._birthday_box.setVisible(bool(card.birthday))
        self._joined.set_text(words.joined_text(card.joined_at_ms, state.now_ms))
        self._private.set_text(t("member.notes_private", name=words.owner_name(card.owner)))
        self._private_box.setVisible(card.hides_notes)
        self._short.set_text(member_facts(card))
        self._facts.setVisible(not self._is_small and not card.is_erased)
        for button in (self.log, self.log_small, self.served, self.served_small, self.history, self.more):
            button.allow(not card.is_erased, t("member.erased_reason"))


class TimelineCard(TitledCard):
    """Everything between the shop and this person, newest first. `filter_chosen(name)`, `more_wanted()`,
    `history_opened()`."""

    filter_chosen = Signal(str)
    more_wanted = Signal()
    history_opened = Signal()

    def __init__(self) -> None:
        super().__init__("member.timeline")
        self.tabs = ChoiceGroup("member.timeline_filter", style="tab")
        self.tabs.chosen.connect(self.filter_chosen)
        self.aside(self.tabs)
        self.model = TimelineModel()
        self.model.more_wanted.connect(self.more_wanted)
        self.view = ListView(self.model, LineDelegate(), "member.timeline")
        self._none = empty_state("history")
        self.body.put(self.view, self._none)
        self._shown = Label("", "caption", "text3")
        self._link = Button("", "link", size="s").say("member.history")
        self._link.clicked.connect(self.history_opened)
        self.foot(self._shown, None, KeyHint("Ctrl H"), self._link)
        self._state: MemberState | None = None
        self._told = TimelineWords()

    def show_state(self, state: MemberState, card: MemberCard) -> None:
        """Fill it in; the row a person is on stays."""
        self._state = state
        self._show_tabs()
        shown = state.shown
        rows = self._told.rows(shown, state.now_ms, hides_amounts=state.hides_amounts)
        self.model.show_rows(rows, has_more=not state.is_complete)
        self.view.setVisible(bool(rows))
        self._none.setVisible(not rows)
        self._none.show_text(t("member.timeline_none"), t("member.timeline_none_text"))
        self._shown.set_text(t("member.timeline_shown", n=len(shown), total=max(state.total, len(shown))))
        self._link.allow(not card.is_erased, t("member.erased_reason"))

    def _show_tabs(self) -> None:
        if self._state is None or self._state.card is None:
            return
        counts = dict(self._state.card.timeline_counts)
        wide = self._choices(counts, icons=True)
        self.tabs.show_choices(wide, self._state.filter)
        line = self.contentsRect().width() - 2 * look().m.card_pad
        room = line - self.title.sizeHint().width() - look().tokens.space(3)
        self.title.show()
        if self.width() > look().m.pane_min and self.tabs.sizeHint().width() > room:
            self.tabs.show_choices(self._choices(counts, icons=False), self._state.filter)
            self.title.setVisible(self.tabs.sizeHint().width() <= room)
        # Then the counts go, and in the end the words: the icons say them.
        for is_bare in (False, True):
            if self.tabs.sizeHint().width() > line > 0:
                self.tabs.show_choices(self._choices({}, icons=is_bare, is_bare=is_bare), self._state.filter)

    def _choices(self, counts: dict[str, int], *, icons: bool, is_bare: bool = False) -> list[Choice]:
        return [
            Choice(name, t(f"member.filter.{name}"), icon if icons else "",
                   formats.count(counts.get(name, 0)) if counts and name in COUNTED else "",
                   is_bare=is_bare and bool(icon))
            for name, icon in FILTERS
            if name != "points" or self._has_points()
        ]

    def _has_points(self) -> bool:
        return self._state is not None and self._state.card is not None and any(
            name == "points" for name, _ in self._state.card.timeline_counts
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tabs()


class MemberPage(Page):
    """`log_started`, `served`, `history_opened`, `search_started`, `filter_chosen(name)`, `more_wanted`,
    `tag_added(text)`, `tag_removed(tag)`, the same for own ones, `follow_up_completed(id)`, `follow_up_changed(id)`,
    `action_chosen(name)` for the forms (`ACTIONS`), `wish_ended(id, how)`, `family_removed(FamilyDate)`,
    `coupon_used(handle, offer)`, `returned(id)` when Back leads to a member."""

    log_started = Signal()
    served = Signal()
    history_opened = Signal()
    search_started = Signal()
    filter_chosen = Signal(str)
    more_wanted = Signal()
    tag_added = Signal(str)
    tag_removed = Signal(str)
    own_tag_added = Signal(str)
    own_tag_removed = Signal(str)
    next_done = Signal()
    next_another = Signal()
    next_dismissed = Signal()
    wish_ended = Signal(str, str)
    family_removed = Signal(object)
    follow_up_completed = Signal(str)
    follow_up_changed = Signal(str)
    action_chosen = Signal(str)
    coupon_used = Signal(str, int)
    result_closed = Signal()
    returned = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: MemberState | None = None
        self._drawn: dict[str, object] = {}
        self._banner = Banner("info", "info", closable=False)
        self.result = Banner("info", "queue")
        self.result.hide()
        self._result: BindResult | None = None
        self._is_told = False
        self.head = MemberHead()
        self.owner, self.tier, self.consents = OwnerCard(), TierCard(), ConsentCard()
        self.next = NextCard()
        self.timeline = TimelineCard()
        self.follow_ups, self.coupons, self.preferences = FollowUpsCard(), CouponsCard(), PreferencesCard()
        self.abilities = AbilitiesCard()
        self.wishes, self.family = WishesCard(), FamilyCard()
        left = ScrollColumn(holder(_stretched(self.owner, self.tier, self.consents)))
        cards = (
            self.abilities, self.next, self.follow_ups, self.wishes, self.coupons, self.family, self.preferences
        )  # fmt: skip
        right = ScrollColumn(holder(_stretched(*cards)))
        self.columns = ColumnsPane(
            Pane(left, "member.tab.person", "pane_left"), Pane(self.timeline, "member.timeline"),
            Pane(right, "member.tab.more", "pane_right"), least="timeline_min",
        )  # fmt: skip
        self._none = empty_state("users")
        self._none.acted.connect(self.search_started)
        content = column(self._banner, self.result, self.head, self.columns, gap=3)
        content.setStretch(3, 1)
        self._content = holder(content)
        self.body.put(self._content, self._none)
        self._connect()
        self._content.hide()
        self._layouts = lasting_layouts(self)
        self.retranslate()

    def _connect(self) -> None:
        head = self.head
        for button in (head.log, head.log_small):
            button.clicked.connect(self.log_started)
        for button in (head.served, head.served_small):
            button.clicked.connect(self.served)
        head.history.clicked.connect(self.history_opened)
        self.timeline.filter_chosen.connect(self.filter_chosen)
        self.timeline.more_wanted.connect(self.more_wanted)
        self.timeline.history_opened.connect(self.history_opened)
        self.consents.tag_added.connect(self.tag_added)
        self.consents.tag_removed.connect(self.tag_removed)
        self.consents.own_tag_added.connect(self.own_tag_added)
        self.consents.own_tag_removed.connect(self.own_tag_removed)
        self.columns.became_tabs.connect(self._fit_head)
        self.next.done.connect(self.next_done)
        self.next.another_wanted.connect(self.next_another)
        self.next.dismissed.connect(self.next_dismissed)
        self.wishes.ended.connect(self.wish_ended)
        self.family.removed.connect(self.family_removed)
        self.follow_ups.completed.connect(self.follow_up_completed)
        self.follow_ups.changed.connect(self.follow_up_changed)
        head.more.chosen.connect(self._act)
        self.result.closed.connect(self.result_closed)
        self.consents.changed.connect(self._change_consents)
        self.owner.bound.connect(self._bind)
        self.coupons.use_wanted.connect(self.coupon_used)
        self.tier.points.spend_wanted.connect(self._spend_points)
        self.tier.points.entries_wanted.connect(self._show_points)

    def render_state(self, state: MemberState) -> None:
        """Show a member, or that none is open."""
        self._state = state
        card = state.card
        self._content.setVisible(card is not None)
        self._none.setVisible(card is None)
        if card is None:
            self._drawn.clear()  # nobody is remembered for the sake of the next
            self._say_none()
            return
        self._show_banner(card)
        self.show_result(self._result)
        if self._differs("head", replace(card, **_NOT_OF_THE_HEAD), state.how, state.as_of_ms, _minute(state)):
            self.head.show_state(state, card)
        self.owner.setVisible(not card.is_erased)
        if self._differs("owner", card.owner, card.store_share, _minute(state)):
            self.owner.show_owner(card, state.now_ms)
        tags = (card.tags, card.own_tags)
        if self._differs("consents", card.consents, tags, card.is_erased, state.tag_error, _minute(state)):
            self.consents.show_state(state)
        self.timeline.show_state(state, card)
        self.follow_ups.show_items(() if card.is_erased else card.follow_ups, state.now_ms)
        self.abilities.setVisible(state.hides_amounts and not card.is_erased)
        self.coupons.show_coupons(card.coupons, state.now_ms)
        self.preferences.show_preferences(card.preferences)
        if self.isVisible():
            settle_layouts(self._layouts)

    def _differs(self, part: str, *told: object) -> bool:
        """Whether a part has something else to tell. After her visit is recorded the card comes again, with one line
        more in the timeline: what stays as it is, is not dressed and laid out anew."""
        wanted = (told, i18n.language(), look().tokens.scale)
        is_other = self._drawn.get(part) != wanted
        self._drawn[part] = wanted
        return is_other

    def render_care(self, state: MemberCareState) -> None:
        """What could be next, and the tier: both come a moment after the card."""
        self.next.show_care(state)
        self.tier.show_care(state)
        self.wishes.show_care(state)
        self.family.show_care(state)
        care = state.care if not state.hides_amounts else None
        self.consents.show_ideas(care.tag_ideas if care is not None else ())

    def show_result(self, result: BindResult | None) -> None:
        """What became of a bind, while the card it is about is open."""
        self._result = result
        card = self._state.card if self._state is not None else None
        is_hers = result is not None and card is not None and result.member_id == card.member_id
        if result is not None and is_hers:
            tone, icon, title, text = result_words(result)
            self.result.set_tone(tone, icon)
            if self.result.accessibleName() != f"{title} {text}":
                self.result.show_text(title, text)
                announce(self.result, f"{title} {text}")
        self.result.setVisible(is_hers)
        # What head office just decided says whose member it is: not twice, one below the other.
        self._banner.setVisible(self._is_told and not is_hers)

    def _show_banner(self, card: MemberCard) -> None:
        is_told = True
        if card.is_erased:
            self._banner.set_tone("neutral", "lock")
            self._banner.show_text(t("member.erased_title"), t("member.erased_text"))
        elif card.asked_id != card.member_id:
            self._banner.set_tone("info", "info")
            self._banner.show_text(t("member.merged_title"), t("member.merged_text"))
        elif card.owner.state == "other" and card.owner.window is not None:
            self._banner.set_tone("violet", "user-check")
            date = formats.day_text(card.owner.window.protected_until)
            title = t("member.other_title", name=words.owner_name(card.owner), date=date)
            self._banner.show_text(title, f"{t('member.other_text')} {words.owner_rule(card)}")
        else:
            is_told = False
        # Shown once, at the end: showing and hiding it again would lay the whole page out twice.
        self._is_told = is_told

    def _say_none(self) -> None:
        is_loading = self._state is not None and self._state.is_loading
        word = "member.loading" if is_loading else "member.none"
        self._none.show_text(t(f"{word}_title"), t(f"{word}_text"), (t("member.find"),))

    def retranslate(self) -> None:
        self._say_none()
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        if self._state is None or self._state.card is None:
            return self._none.buttons[0]
        if self.columns.is_tabbed and not self.timeline.isVisible():
            return self.columns.tabs
        return self.timeline.view if self.timeline.model.rowCount() else self.timeline.tabs

    def panes(self) -> list[QWidget]:
        return [self.head, *self.columns.panes()]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        signals = {"log": self.log_started, "main_action": self.log_started, "served": self.served,
                   "history": self.history_opened}
        if name == "points" and self._content.isVisible():
            self._act("points")
            return True
        if name in signals:
            signals[name].emit()
            return True
        if name in BY_KEY and self.head.more.isEnabled() and self._content.isVisible():
            self._act(BY_KEY[name])
            return True
        number = int(name[-1]) if name.startswith("choice_") else 0
        if 0 < number <= len(ACTIONS) and self.head.more.isEnabled() and self._content.isVisible():
            self._act(ACTIONS[number - 1].value)
            return True
        return False

    def _act(self, name: str) -> None:
        if name == "history":
            self.history_opened.emit()
        else:
            self.action_chosen.emit(name)

    def _change_consents(self) -> None:
        self.action_chosen.emit("consent")

    def _bind(self) -> None:
        self.action_chosen.emit("bind")

    def _spend_points(self) -> None:
        self.action_chosen.emit("points")

    def _show_points(self) -> None:
        self.filter_chosen.emit("points")

    def memento(self) -> object:
        return self._state.card.member_id if self._state is not None and self._state.card is not None else None

    def restore(self, memento: object) -> None:
        if isinstance(memento, str) and memento != self.memento():
            self.returned.emit(memento)

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self._fit_head()

    def _fit_head(self) -> None:
        m = look().m
        self.head.set_small(self.is_compact or self.columns.is_tabbed or self.width() < m.page_narrow)
        if self._state is not None and self._state.card is not None:
            self.head.show_state(self._state, self._state.card)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()


def _minute(state: MemberState) -> int:
    """Words like "yesterday" and "just now" may change with it."""
    return state.now_ms // 60_000


def _stretched(*cards: Card) -> Box:
    lines = column(*cards, gap=3)
    lines.setStretch(len(cards) - 1, 1)
    return lines
