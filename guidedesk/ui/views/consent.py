"""Consent, asked aloud: one line a purpose, answered yes or no, nothing ticked beforehand (DESIGN-UI.md 16.12)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.services.queries.consents import ConsentAnswer
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.consent import PURPOSES, ConsentState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import CLOSE, NEXT, FormDialog, noted
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import clear, column, holder, row, rule


class ConsentLine(QWidget):
    """One purpose: what is asked, the answer on the card, yes and no. `answered(bool)`."""

    answered = Signal(bool)

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self._purpose = purpose
        self._asked, self._before = Label("", "body_strong", wrap=True), Label("", "caption", "text3", wrap=True)
        self._chip = Chip()
        self.group = ChoiceGroup(f"consents.ask.{purpose}", digits=True)
        guard_keys(self.group)
        self.group.chosen.connect(self._chosen)
        line = row(column(self._asked, self._before, gap=0), self._chip, self.group, gap=3, pad=(2, 0))
        line.setStretch(0, 1)
        self.setLayout(line)

    def show_state(self, state: ConsentState) -> None:
        """The question and the answers."""
        self._asked.set_text(t(f"consents.ask.{self._purpose}", n=state.cap_week))
        self._before.set_text(self._history(state))
        given, now = state.given(self._purpose), state.shown(self._purpose)
        is_changed = (self._purpose, now) in state.changes
        word = "" if not is_changed else "given" if now else "withdrawn" if given else "refused"
        self._chip.setVisible(is_changed)
        if word:
            self._chip.show_state(t(f"consents.now.{word}"), "success" if now else "danger", "check" if now else "ban")
        choices = [Choice("yes", t("consents.yes")), Choice("no", t("consents.no"))]
        self.group.show_choices(choices, "" if now is None else "yes" if now else "no")
        self.group.setAccessibleName(self._asked.text())

    def _history(self, state: ConsentState) -> str:
        consents = state.card.consents if state.card is not None else ()
        found = next((consent for consent in consents if consent.purpose == self._purpose), None)
        if found is None or found.is_given is None or found.answered_at_ms is None:
            return t("consents.before.none")
        day = formats.day_text(formats.local_day(found.answered_at_ms), formats.local_day(state.now_ms))
        return t("consents.before.yes" if found.is_given else "consents.before.no", date=day)

    def _chosen(self, value: str) -> None:
        self.answered.emit(value == "yes")


class ConsentHistory(QFrame):
    """Every answer so far: for what, who asked, when, where, in which words."""

    def __init__(self) -> None:
        super().__init__()
        self._list = column(gap=3)
        self._none = Label("", "label", "text3", wrap=True).say("consents.history_none")
        self.setLayout(column(Label("", "heading").say("consents.history"), self._none, self._list, None, gap=3, pad=4))
        self._shown: object = None

    def show_answers(self, found: tuple[ConsentAnswer, ...], now_ms: int) -> None:
        """Fill it in."""
        self._none.setVisible(not found)
        wanted = (found, now_ms // 60_000, i18n.language())
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._list)
        for one in found:
            answer = t("consents.said.yes" if one.is_given else "consents.said.no")
            said = t("consents.said", purpose=t(f"consents.of.{one.purpose}"), answer=answer)
            ink = "success" if one.is_given else "danger"
            head = row(Label(said, "label", ink, wrap=True), None)
            head.setStretch(0, 1)
            self._list.put(column(head, Label(answer_facts(one, now_ms), "caption", "text3", wrap=True), gap=0))


def answer_facts(one: ConsentAnswer, now_ms: int) -> str:
    """When, by whom, where, in which words: 11 月 2 日 10:41 · 林晓夏 · 湖滨店收银台 · 措辞 2026-11 中文."""
    lang = i18n.language()
    channel = f"consents.channel.{one.channel}"
    where = t(channel) if i18n.has(channel) else untrusted(one.channel, 20)
    parts = (
        formats.moment_text(one.at_ms, now_ms), person_name(one.staff.pick(lang)) if one.staff.pick(lang) else "",
        untrusted(one.store.pick(lang), 24), where,
        t("consents.wording", version=untrusted(one.version, 20), lang=t(f"consents.lang.{_lang(one.lang)}")),
    )  # fmt: skip
    return " · ".join(part for part in parts if part)


def _lang(text: str) -> str:
    return "zh" if text.startswith("zh") else "en"


class ConsentDialog(FormDialog):
    """`answered("wechat+")` or `"wechat-"`, `saved()`, `left()`."""

    answered = Signal(str)

    def __init__(self) -> None:
        self.history = ConsentHistory()
        super().__init__(
            "consents.title", "consents.save", side=self.history, hints=(NEXT, ("1 2", "consents.key"), CLOSE),
            keeps=False,
        )  # fmt: skip
        self._state: ConsentState | None = None
        self.lines = {purpose: ConsentLine(purpose) for purpose in PURPOSES}
        box = column(gap=0, pad=(1, 4))
        for number, (purpose, line) in enumerate(self.lines.items()):
            if number:
                box.put(rule())
            box.put(line)
            line.answered.connect(lambda given, name=purpose: self.answered.emit(f"{name}{'+' if given else '-'}"))
        wins = noted("shield-check", Label("", "caption", "text2", wrap=True).say("consents.rule"))
        self.form.put(Label("", "body", "text2", wrap=True).say("consents.how"), holder(box, kind="card"), wins, None)

    def render_state(self, state: ConsentState) -> None:
        """Show the answers."""
        self._state = state
        if state.card is None:
            return
        self.show_head(state)
        self.history.show_answers(state.history, state.now_ms)
        for line in self.lines.values():
            line.show_state(state)
        self.save.allow(bool(state.changes) and not state.is_saving, t("consents.nothing"))

    def first_focus(self) -> QWidget | None:
        return self.lines[PURPOSES[0]].group.first_button()

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)
