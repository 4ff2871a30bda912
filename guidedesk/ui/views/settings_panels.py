"""The plain groups of the settings: look, lock, printers, customer screen, policy, data."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.config import TEXT_SCALES
from guidedesk.services.read_models import ChainSettings
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.settings import LOCKS_S, SettingsState
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup, Toggle
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Item, column, holder, row

_LANGUAGES: Final = (("zh_CN", "中文"), ("en", "English"))
_THEMES: Final = ("light", "dark", "system")
_MINUTE_S: Final = 60


class GroupPanel(QWidget):
    """A title, a sentence, and cards below; scrolls by itself."""

    def __init__(self, name: str, *items: Item) -> None:
        super().__init__()
        self.title = Label("", "title", lines=1).say(f"settings.{name}")
        about = Label("", "body", "text2", wrap=True).say(f"settings.{name}_about")
        body = column(self.title, about, *items, None, gap=3)
        self.setLayout(column(ScrollColumn(holder(body)), gap=0))

    def first_focus(self) -> QWidget | None:
        """What takes the keyboard when the group opens."""
        return None


class LookPanel(GroupPanel):
    """`language_chosen`, `theme_chosen`, `scale_chosen(percent)`."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)
    scale_chosen = Signal(str)

    def __init__(self) -> None:
        self.language, self.theme = ChoiceGroup("settings.language"), ChoiceGroup("settings.theme")
        self.scale = ChoiceGroup("settings.scale")
        lines = [
            column(Label("", "label", "text2").say(f"settings.{key}"), group, gap=1)
            for key, group in (("language", self.language), ("theme", self.theme), ("scale", self.scale))
        ]
        note = Label("", "caption", "text3", wrap=True).say("settings.look_kept")
        super().__init__("look", Card(*lines, note, gap=4))
        self.language.chosen.connect(self.language_chosen)
        self.theme.chosen.connect(self.theme_chosen)
        self.scale.chosen.connect(self.scale_chosen)

    def render_state(self, state: SettingsState) -> None:
        """Show what is set."""
        choices = state.choices
        self.language.show_choices([Choice(code, name) for code, name in _LANGUAGES], choices.language)
        self.theme.show_choices([Choice(name, t(f"settings.theme.{name}")) for name in _THEMES], choices.theme)
        self.scale.show_choices([Choice(str(n), f"{n}%") for n in TEXT_SCALES], str(choices.text_scale))

    def first_focus(self) -> QWidget | None:
        return self.language


class LockPanel(GroupPanel):
    """`lock_chosen(seconds)`, `own_pin_wanted`."""

    lock_chosen = Signal(str)
    own_pin_wanted = Signal()

    def __init__(self) -> None:
        self.lock = ChoiceGroup("settings.lock_after")
        self.own_pin = Button("", icon="key").say("settings.own_pin")
        super().__init__(
            "lock",
            Card(Label("", "body_strong").say("settings.lock_after"), self.lock,
                 Label("", "caption", "text3", wrap=True).say("settings.lock_why"), gap=2),
            Card(Label("", "body_strong").say("settings.own_pin_title"),
                 Label("", "label", "text2", wrap=True).say("settings.own_pin_why"), row(self.own_pin, None), gap=2),
        )  # fmt: skip
        self.lock.chosen.connect(self.lock_chosen)
        self.own_pin.clicked.connect(self.own_pin_wanted)

    def render_state(self, state: SettingsState) -> None:
        """Show what is set."""
        offered = sorted({*LOCKS_S, state.choices.lock_after_s})
        self.lock.show_choices([Choice(str(s), _time(s)) for s in offered], str(state.choices.lock_after_s))
        is_offline = state.status is not None and state.status.is_offline
        self.own_pin.allow(not is_offline, t("associate.why.offline"))

    def first_focus(self) -> QWidget | None:
        return self.lock


def _time(seconds: int) -> str:
    minutes, rest = divmod(seconds, _MINUTE_S)
    return t("settings.seconds", n=seconds) if rest else t("settings.minutes", n=minutes)


class PrintersPanel(GroupPanel):
    """`printers_wanted`: the dialog in which they are set."""

    printers_wanted = Signal()

    def __init__(self) -> None:
        self._facts = FactLines()
        self.change = Button("", icon="print").say("settings.printers_change")
        super().__init__("printers", Card(self._facts, row(self.change, None), gap=3))
        self.change.clicked.connect(self.printers_wanted)

    def render_state(self, state: SettingsState) -> None:
        """Which are set."""
        printers = state.printers
        label = untrusted(printers.label, 60)
        form = f"{t(f'printers.language.{printers.language}')} · {t(f'printers.width.{printers.width}')}"
        self._facts.show_facts((
            Fact(t("printers.label"), label or t("settings.printer_none")),
            Fact(t("printers.language"), form if label else "—"),
            Fact(t("printers.card"), untrusted(printers.card, 40) or t("printers.card_pdf")),
        ))  # fmt: skip

    def first_focus(self) -> QWidget | None:
        return self.change


class CustomerPanel(GroupPanel):
    """`screen_wanted`: her own code on the customer's screen; `takes_down_switched(bool)`."""

    screen_wanted = Signal()
    takes_down_switched = Signal(bool)

    def __init__(self) -> None:
        self.takes_down = Toggle()
        self.show_code = Button("", icon="monitor", key="F12").say("settings.customer_show")
        line = row(Label("", "body", wrap=True).say("settings.customer_down"), self.takes_down, gap=3)
        line.setStretch(0, 1)
        super().__init__(
            "customer",
            Card(line, Label("", "caption", "text3", wrap=True).say("settings.customer_never"),
                 row(self.show_code, None), gap=3),
        )  # fmt: skip
        self.takes_down.clicked.connect(self.takes_down_switched)
        self.show_code.clicked.connect(self.screen_wanted)

    def render_state(self, state: SettingsState) -> None:
        """Whether codes come down by themselves."""
        self.takes_down.setChecked(state.takes_down)
        self.takes_down.setAccessibleName(t("settings.customer_down"))

    def first_focus(self) -> QWidget | None:
        return self.takes_down


class PolicyPanel(GroupPanel):
    """What head office set, to read."""

    def __init__(self) -> None:
        self._facts = FactLines()
        super().__init__(
            "policy", Card(self._facts, Label("", "caption", "text3", wrap=True).say("settings.policy_who"), gap=3)
        )

    def render_state(self, state: SettingsState) -> None:
        """The chain's rules as this counter last heard them."""
        self._facts.show_facts(() if state.policy is None else _policy(state.policy))


def _policy(policy: ChainSettings) -> tuple[Fact, ...]:
    contact = policy.contact_policy
    return (
        Fact(t("settings.policy_brand"), untrusted(policy.brand.pick(i18n.language()), 40) or "—"),
        Fact(t("settings.policy_window"), t("settings.days", n=policy.window_days)),
        Fact(t("settings.policy_protection"), t("settings.days", n=policy.protection_days)),
        Fact(t("settings.policy_cap"), t("settings.times_a_week", n=contact.cap_week)),
        Fact(t("settings.policy_quiet"), f"{_hour(contact.quiet_from)}–{_hour(contact.quiet_to)}"),
        Fact(t("settings.policy_mute"), t("settings.days", n=contact.mute_days)),
        Fact(t("settings.policy_coupon"), formats.money(policy.coupon_cap_minor, policy.currency)),
        Fact(t("settings.policy_zone"), policy.zone),
    )


def _hour(value: object) -> str:
    return str(value)[:5]


class DataPanel(GroupPanel):
    """`sync_wanted`, `centre_wanted`, `diagnostics_wanted`."""

    sync_wanted = Signal()
    centre_wanted = Signal()
    diagnostics_wanted = Signal()

    def __init__(self) -> None:
        self._facts = FactLines()
        self.sync = Button("", icon="sync", key="F5").say("settings.data_sync")
        self.centre = Button("", icon="queue", key="Ctrl 9").say("settings.data_centre")
        self.diagnostics = Button("", icon="download").say("settings.data_diagnostics")
        super().__init__(
            "data",
            Card(self._facts, gap=3),
            Card(Label("", "body", "text2", wrap=True).say("settings.data_safe"),
                 row(self.sync, None), row(self.centre, None), row(self.diagnostics, None), gap=3),
        )  # fmt: skip
        self.sync.clicked.connect(self.sync_wanted)
        self.centre.clicked.connect(self.centre_wanted)
        self.diagnostics.clicked.connect(self.diagnostics_wanted)

    def render_state(self, state: SettingsState) -> None:
        """Last contact and what waits."""
        status = state.status
        contact = None if status is None else status.last_contact_ms
        waiting = 0 if status is None else status.waiting
        self._facts.show_facts((
            Fact(t("settings.data_counter"), untrusted(state.counter, 40)),
            Fact(t("settings.data_contact"), formats.moment_text(contact, state.now_ms) if contact else "—"),
            Fact(t("settings.data_waiting"), formats.count(waiting)),
        ))  # fmt: skip

    def first_focus(self) -> QWidget | None:
        return self.sync
