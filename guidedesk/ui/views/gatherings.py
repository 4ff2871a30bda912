"""Sign a member up for a gathering (pattern E): which one, how it stands, what is to happen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.queries.gatherings import GatheringInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.gatherings import GatheringsState, ways_of
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import CHOOSE, CLOSE, NEXT, FormDialog, noted, step
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import column, holder
from guidedesk.ui.widgets.states import empty_state

_ICONS = {"join": "check", "join_or_wait": "queue", "wait": "queue", "leave": "x-circle", "came": "user-check",
          "missed": "user"}  # fmt: skip


class GatheringsDialog(FormDialog):
    """`gathering_chosen(id)`, `way_chosen(way)`, `saved()`, `closed()`."""

    gathering_chosen = Signal(str)
    way_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("gathering.title", "gathering.save", hints=(NEXT, CHOOSE, CLOSE), keeps=False)
        self._state: GatheringsState | None = None
        self.gatherings = ChoiceGroup("gathering.which", digits=True)
        self.ways = ChoiceGroup("gathering.way", digits=True)
        for group in (self.gatherings, self.ways):
            guard_keys(group)
        self._facts = FactLines()
        self._none = empty_state("calendar")
        self._rule = Label("", "caption", "text2", wrap=True).say("gathering.rule")
        self._which = holder(column(step("gathering.which"), self.gatherings, gap=2))
        self._card = holder(column(self._facts, pad=(3, 4)), kind="card")
        self._ways = holder(column(step("gathering.way"), self.ways, gap=2))
        self._note = holder(noted("info", self._rule))
        self.form.put(self._which, self._card, self._ways, self._note, self._none, None)
        self.gatherings.chosen.connect(self.gathering_chosen)
        self.ways.chosen.connect(self.way_chosen)

    def render_state(self, state: GatheringsState) -> None:
        """What there is, and how she stands."""
        self._state = state
        if state.card is None:
            return
        error = state.problem("way")
        self.show_head(state, _said(error) if error else "")
        one = state.chosen
        for part in (self._which, self._card, self._ways, self._note):
            part.setVisible(one is not None)
        self._none.setVisible(one is None)
        self._none.show_text(t("gathering.none"), t("gathering.none_text"))
        self.save.allow(one is not None and bool(state.way) and not state.is_saving, t("gathering.nothing_to_do"))
        if one is None:
            return
        self.gatherings.show_choices([Choice(each.id, _line(each)) for each in state.gatherings], state.chosen_id)
        self._facts.show_facts(_facts(one))
        ways = ways_of(one, state.now_ms)
        self.ways.show_choices([Choice(way, t(f"gathering.way.{way}"), _ICONS[way]) for way in ways], state.way)
        self._ways.setVisible(bool(ways))

    def field(self, name: str) -> QWidget | None:
        return self.ways.first_button() if name == "way" else None

    def first_focus(self) -> QWidget | None:
        return self.gatherings.first_button() if self._state is not None and self._state.gatherings else self.keep

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)


def _said(error: GuideDeskError) -> str:
    key = f"why.{error.params.get('why', '')}"
    return t(key) if i18n.has(key) else message_for(error).text


def _line(one: GatheringInfo) -> str:
    day = formats.day_text(formats.local_day(one.seats.starts_at_ms))
    return f"{day} {untrusted(one.title.pick(i18n.language()), 24)}"


def _facts(one: GatheringInfo) -> tuple[Fact, ...]:
    lang, seats = i18n.language(), one.seats
    start, end = seats.starts_at_ms, seats.ends_at_ms
    when = f"{formats.day_text(formats.local_day(start))} {formats.time_text(start)}–{formats.time_text(end)}"
    topic, host = untrusted(one.topic.pick(lang), 40), person_name(one.host.pick(lang))
    found = [Fact(t("gathering.fact.when"), when)]
    for key, value in (("place", untrusted(one.place, 40)), ("topic", topic), ("host", host)):
        if value:
            found.append(Fact(t(f"gathering.fact.{key}"), value))
    if seats.is_cancelled:
        found.append(Fact(t("gathering.fact.seats"), t("gathering.cancelled"), "danger"))
    elif seats.left and not seats.waiting:
        found.append(Fact(t("gathering.fact.seats"), t("gathering.left", n=seats.left, seats=seats.seats), "success"))
    else:
        found.append(Fact(t("gathering.fact.seats"), t("gathering.full", n=seats.waiting), "warning"))
    found.append(Fact(t("gathering.fact.hers"), _standing(one)))
    return tuple(found)


def _standing(one: GatheringInfo) -> str:
    seat = one.seat
    if seat is None or seat.state == "left":
        return t("gathering.hers.none")
    if seat.attendance:
        return t(f"gathering.hers.{seat.attendance}")
    words = t("gathering.hers.waiting", n=seat.place) if seat.state == "waiting" else t("gathering.hers.seated")
    return t("gathering.hers.pending", text=words) if seat.is_pending else words
