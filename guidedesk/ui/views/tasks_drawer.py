"""The drawer of the tasks screen: why today, facts needed to speak, words to adapt, and the ways on."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy

from guidedesk.domain.outreach import OUTREACH
from guidedesk.domain.scripts import MODES, Script, fitting
from guidedesk.services.member_models import FollowUpInfo, MemberCard
from guidedesk.ui import formats, i18n, scripts, task_words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.tasks import NO_CONTACT, TaskFacts, TasksState
from guidedesk.ui.tables.timeline import timeline_row
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import NoteField
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.states import empty_state

BOUGHT: Final = frozenset({"reorder", "after_sale", "lapsed"})  # about what she bought, not what was said
TALKS: Final = frozenset({"talk.wechat", "talk.sms", "talk.phone"})


class ScriptField(NoteField):
    """The words, to be changed by hand; as high as a few lines."""

    def __init__(self) -> None:
        super().__init__("tasks.script")
        look().restyled.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(look().m.script_h)


class TaskDrawer(QFrame):
    """`acted(words)` for the main action; the rest says which button was pressed."""

    acted = Signal(str)
    mode_chosen = Signal(str)
    script_changed = Signal(str)
    another_wanted = Signal()
    snoozed = Signal()
    logged = Signal()
    changed = Signal()
    dismissed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self._avatar = Avatar("", "ml")
        self._name = Label("", "heading", lines=2)
        self._tier = Chip()
        self._about = Label("", "caption", "text2", wrap=True)
        head = row(self._avatar, column(row(self._name, self._tier, None, gap=2), self._about, gap=0), gap=3, pad=4)
        head.setStretch(1, 1)
        self._head = holder(head)
        self._why = Label("", "body", wrap=True)
        self._also = Label("", "label", "text2", wrap=True)
        self.facts = FactLines()
        box = QFrame()
        box.setProperty("kind", "facts")
        box.setLayout(column(self.facts, pad=3))
        self._box = box
        self._script_title = Label("", "label", "text2").say("tasks.script")
        self._another = Button("", "link", size="s").say("tasks.another")
        self._another.clicked.connect(self.another_wanted)
        script_head = row(self._script_title, None, self._another, gap=2)
        self.script = ScriptField()
        self.script.edited.connect(self._edited)
        self.modes = ChoiceGroup("tasks.modes", style="small")
        self.modes.chosen.connect(self.mode_chosen)
        self._words = holder(column(script_head, self.script, self.modes, gap=2))
        self._refused = Label("", "label", "warning", wrap=True)
        self.dismiss = Button("", "link", size="s").say("tasks.not_suitable")
        self.dismiss.clicked.connect(self.dismissed)
        why_head = row(Label("", "label", "text2").say("tasks.why_today"), None, self.dismiss, gap=2)
        body = column(
            column(why_head, self._why, self._also, gap=0), self._box,
            self._refused, self._words, None, gap=3, pad=4,
        )  # fmt: skip
        self._body = ScrollColumn(holder(body))
        self.main = Button("", "primary", icon="copy", key="Ctrl Enter", size="l")
        self.main.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.main.clicked.connect(self.act)
        self.snooze = Button("")
        self.snooze.clicked.connect(self.snoozed)
        self.log = Button("", key="F4").say("tasks.log")
        self.log.clicked.connect(self.logged)
        self.more = icon_button("more", "follow_up.more", kind="default")
        self.more.clicked.connect(self.changed)
        self._count = Label("", "caption", "text3", wrap=True, align=Qt.AlignmentFlag.AlignCenter)
        foot = column(self.main, flow(self.snooze, self.log, self.more, gap=2), self._count, gap=2, pad=4)
        self._foot = holder(column(rule(), foot, gap=0))
        self._none = empty_state("tasks")
        self._rule = rule()
        self.setLayout(column(self._head, self._rule, self._body, self._foot, self._none, gap=0))
        self._is_filling = False

    def show_state(self, state: TasksState, *, short: bool) -> None:
        """Fill it in, or say that none is chosen."""
        item, facts = state.chosen, state.facts
        is_there = item is not None and facts is not None and facts.card.member_id == item.member_id
        for widget in (self._head, self._rule, self._body, self._foot):
            widget.setVisible(is_there)
        self._none.setVisible(not is_there)
        self._none.show_text(t("tasks.none_chosen"), t("tasks.none_chosen_text"))
        if item is None or facts is None or not is_there or state.tasks is None:
            return
        today = state.tasks.today
        self._show_head(facts)
        self._why.set_text(why_text(item, today))
        also = task_words.also_text(item, today)
        self._also.set_text(also)
        self._also.setVisible(bool(also))
        self.facts.show_facts(fact_lines(facts.card, item, today, short=short))
        self._show_script(state, item, facts)
        self._show_ways(state, item, facts, today)

    def act(self) -> None:
        """The main action, with the words as they stand."""
        if self.main.isEnabled() and self.main.isVisibleTo(self):
            self.acted.emit(self.script.toPlainText().strip())

    def _show_head(self, facts: TaskFacts) -> None:
        card = facts.card
        self._avatar.show_name(card.name)
        self._name.set_text(words.member_name(card))
        self._tier.show_state(t(f"tier.{card.tier}"), words.TIER_TONES[card.tier])
        agreed = [t(f"talk.{one.purpose}") for one in card.consents if one.is_given and f"talk.{one.purpose}" in TALKS]
        consent = t("tasks.agreed", channels=t("list.comma").join(agreed)) if agreed else t("tasks.agreed_none")
        self._about.set_text(f"{words.bind_text(card.owner)} · {consent}")

    def _show_script(self, state: TasksState, item: FollowUpInfo, facts: TaskFacts) -> None:
        text = script_text(state, item, facts)
        has = bool(text) and not item.is_done and state.refusal not in NO_CONTACT
        self._words.setVisible(has)
        self.modes.show_choices([Choice(mode, t(f"tasks.mode.{mode}")) for mode in MODES], state.mode)
        self._another.setVisible(script_count(state, item, facts) > 1)
        if not self.script.hasFocus() or state.script == "":
            self._is_filling = True
            self.script.set_text(text)
            self._is_filling = False

    def _show_ways(self, state: TasksState, item: FollowUpInfo, facts: TaskFacts, today: date) -> None:
        refusal, policy = state.refusal, facts.settings.contact_policy
        sentence = ""
        if refusal == "capped":
            sentence = t("consent.capped", n=facts.contacts)
        elif refusal == "quiet":
            sentence = t("tasks.refused.quiet", end=f"{policy.quiet_to:%H:%M}")
        elif refusal:
            sentence = t(f"tasks.refused.{refusal}")
        self._refused.set_text(sentence)
        self._refused.setVisible(bool(sentence))
        opens = item.is_done or refusal in NO_CONTACT
        self.main.set_icon("user" if opens else "copy")
        self.main.set_text(t("tasks.open_card") if opens else main_words(item, facts))
        self.main.allow(refusal != "quiet", sentence)
        is_tomorrow = date.fromisoformat(item.due_date) <= today
        self.snooze.set_text(t("tasks.snooze_tomorrow" if is_tomorrow else "tasks.snooze_later"))
        for way in (self.snooze, self.log, self.more, self.dismiss):
            way.setVisible(not item.is_done)
        self._count.set_text(t("tasks.contacts", n=facts.contacts, cap=policy.cap_week))

    def _edited(self, text: str) -> None:
        if not self._is_filling:
            self.script_changed.emit(text)


def main_words(item: FollowUpInfo, facts: TaskFacts) -> str:
    """What the main button does: copy, and open the channel where this chain has an address for it."""
    if item.channel == "wechat" and facts.settings.channel_wechat:
        return t("tasks.act.wechat")
    if item.channel == "sms" and facts.settings.channel_sms:
        return t("tasks.act.sms")
    return t("tasks.act.phone" if item.channel == "phone" else "tasks.act.copy")


def why_text(item: FollowUpInfo, today: date) -> str:
    """Why today, in the drawer: the reason, and how late it is."""
    why = task_words.why(item, today)
    if item.is_done:
        return why
    due = date.fromisoformat(item.due_date)
    if item.days_overdue > 0:
        return t("tasks.why_overdue", text=why, date=formats.day_text(due, today), n=item.days_overdue)
    if item.due_time:
        return t("tasks.why_at", text=why, date=formats.day_text(due, today), time=item.due_time)
    return why


def fact_lines(card: MemberCard, item: FollowUpInfo, today: date, *, short: bool) -> tuple[Fact, ...]:
    """Only what is known: the last talk or purchase, what she wears, what is on her card."""
    lang, likes = i18n.language(), card.preferences
    found: list[Fact] = []
    talk = next((entry for entry in card.timeline if entry.kind == "interaction"), None)
    if talk is not None and item.reason not in BOUGHT:
        day = formats.day_text(formats.local_day(talk.at_ms), today)
        found.append(Fact(t("tasks.fact.last_talk"), f"{day} {timeline_row(talk, talk.at_ms).title}"))
    bought = next((entry for entry in card.timeline if entry.kind == "purchase"), None)
    if bought is not None and item.reason in BOUGHT:
        day = formats.day_text(formats.local_day(bought.at_ms), today)
        what = untrusted(bought.items[0].pick(lang), 24) if bought.items else ""
        found.append(Fact(t("tasks.fact.last_buy"), f"{day} {what}".strip()))
    size = untrusted(likes.sizes[0][0], 12) if likes.sizes else ""
    colours = t("list.comma").join(untrusted(colour.pick(lang), 12) for colour, _ in likes.colours[:2])
    if size or colours:
        found.append(Fact(t("tasks.fact.wears"), " · ".join(part for part in (size, colours) if part)))
    if card.coupons:
        offer = card.coupons[0]
        found.append(Fact(t("tasks.fact.offer"), untrusted(offer.name.pick(lang), 32)))
    if item.channel == "phone" and card.phone_masked:
        found.append(Fact(t("tasks.fact.phone"), formats.phone(card.phone_masked)))
    return tuple(found[:3] if short else found)


def script_text(state: TasksState, item: FollowUpInfo, facts: TaskFacts) -> str:
    """The words to begin with: as adapted, as the manager gave them, else of the script that is wanted."""
    if state.script:
        return state.script
    if item.reason == OUTREACH and item.text:
        return untrusted(item.text, 300)
    known = _known(state, item, facts)
    found = _scripts(state, item, facts, known)
    return scripts.said(found[state.turn % len(found)], known) if found else ""


def script_count(state: TasksState, item: FollowUpInfo, facts: TaskFacts) -> int:
    """Among how many "another one" chooses."""
    return len(_scripts(state, item, facts, _known(state, item, facts)))


def _known(state: TasksState, item: FollowUpInfo, facts: TaskFacts) -> dict[str, str]:
    return scripts.fields_of(facts.card, state.speaker, facts.store, facts.settings.brand, item)


def _scripts(state: TasksState, item: FollowUpInfo, facts: TaskFacts, known: dict[str, str]) -> list[Script]:
    every = (*facts.scripts, *scripts.built_in())
    occasion = "manager" if item.reason == OUTREACH else item.reason
    return fitting(every, occasion, state.mode, known, i18n.language())
