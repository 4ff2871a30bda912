"""The groups kept by hand, and into which of them a member goes, or out of which."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.groups import GroupsState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import CHOOSE, CLOSE, FormDialog, noted, step
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder


class GroupsDialog(FormDialog):
    """`group_chosen(id)`, `saved()` puts her in or takes her out, `closed()`."""

    group_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("groups.title", "groups.put_in", hints=(CHOOSE, CLOSE), keeps=False)
        self._state: GroupsState | None = None
        self.groups = ChoiceGroup("groups.which", digits=True)
        guard_keys(self.groups)
        self._offline = Banner("warning", "cloud-off", closable=False)
        self._said = Label("", "body", "text2", wrap=True)
        self._which = holder(column(step("groups.which"), self.groups, gap=2))
        rule = noted("info", Label("", "caption", "text2", wrap=True).say("groups.rule"))
        self.form.put(self._offline, self._which, self._said, rule, None)
        self.groups.chosen.connect(self.group_chosen)

    def render_state(self, state: GroupsState) -> None:
        """Which groups there are, and whether she is in the chosen one."""
        self._state = state
        if state.card is None:
            return
        error = state.problem("group")
        self.show_head(state, message_for(error).text if error else "")
        self._offline.setVisible(state.is_offline)
        self._offline.show_text(t("groups.offline"), t("groups.offline_text"))
        self.groups.show_choices(
            [Choice(each.id, _line(each.name, is_in=each.id in state.hers)) for each in state.groups], state.chosen_id
        )
        self._which.setVisible(bool(state.groups))
        self._said.set_text(_said(state))
        self._said.setVisible(bool(self._said.text()))
        self.save.say("groups.take_out" if state.is_in else "groups.put_in")
        self.save.allow(bool(state.chosen_id) and not state.is_saving and not state.is_offline, self._why(state))
        self.show_wrong(state)

    def _why(self, state: GroupsState) -> str:
        return t("groups.offline") if state.is_offline else t("groups.none")

    def field(self, name: str) -> QWidget | None:
        return self.groups.first_button() if name == "group" and self._state and self._state.groups else None

    def first_focus(self) -> QWidget | None:
        return self.groups.first_button() if self._state is not None and self._state.groups else self.keep

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)


def _line(name: str, *, is_in: bool) -> str:
    shown = untrusted(name, 40)
    return t("groups.is_in", name=shown) if is_in else shown


def _said(state: GroupsState) -> str:
    if state.groups or state.is_offline:
        return ""
    return t("groups.asking") if state.is_asking else t("groups.none")
