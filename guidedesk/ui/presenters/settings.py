"""Settings of this counter and its store: which group is in front, how the window looks, what head office set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.printers import PrinterSettings
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.read_models import ChainSettings
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter

Group = Literal[
    "counters", "people", "scanner", "printers", "customer", "lock", "look", "policy", "data", "log"
]
GROUPS: Final[tuple[Group, ...]] = (
    "counters", "people", "scanner", "printers", "customer", "lock", "look", "policy", "data", "log"
)
# Whoever may not finds no entry to these.
NEEDS: Final[dict[str, Permission]] = {
    "counters": "device.revoke", "people": "staff.manage", "log": "audit.view", "policy": "staff.manage",
    "customer": "code.issue",
}  # fmt: skip
LOCKS_S: Final = (60, 120, 300, 600)


@dataclass(frozen=True, slots=True)
class WindowChoices:
    """What this PC keeps of how its window looks and when it locks."""

    language: str = "zh_CN"
    theme: str = "light"
    text_scale: int = 100
    lock_after_s: int = 120


@dataclass(frozen=True, slots=True)
class SettingsState:
    """What the page shows. `groups` are those whoever is signed in finds."""

    groups: tuple[Group, ...] = tuple(group for group in GROUPS if group not in NEEDS)
    group: Group = "scanner"
    choices: WindowChoices = WindowChoices()
    policy: ChainSettings | None = None
    printers: PrinterSettings = field(default_factory=PrinterSettings)
    status: SyncStatus | None = None
    counter: str = ""
    now_ms: int = 0
    takes_down: bool = False


class SettingsPresenter(StatePresenter[SettingsState]):
    """`state_changed(SettingsState)`; `chosen(WindowChoices)` asks the program to use and keep them."""

    chosen = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SettingsState(counter=desk.counter.label, now_ms=desk.now_ms()), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    def begin(self, choices: WindowChoices) -> None:
        """What is set on this PC."""
        self._show(choices=choices)

    def open(self) -> None:
        """The page came to the front."""
        self._show(printers=self._desk.counter.printers(), now_ms=self._desk.now_ms())
        self._desk.read(get_settings, done=self._take_policy, failed=self._no_matter, latest="settings.policy")
        self._desk.tasks.read(self._desk.counter.status, done=self._take_status, latest="settings.status")

    def show_group(self, name: str) -> None:
        """Another group, if she has it."""
        group = next((one for one in self.state.groups if one == name), None)
        if group is not None:
            self._show(group=group)

    def choose_language(self, code: str) -> None:
        """zh_CN or en."""
        self._choose(language=code)

    def choose_theme(self, theme: str) -> None:
        """light, dark or system."""
        self._choose(theme=theme)

    def choose_scale(self, percent: str) -> None:
        """The text size."""
        self._choose(text_scale=int(percent))

    def choose_lock(self, seconds: str) -> None:
        """After how long without a key the counter locks."""
        self._choose(lock_after_s=int(seconds))

    def take_screen(self, *, takes_down: bool) -> None:
        """Whether a code comes down from the customer's screen by itself."""
        self._show(takes_down=takes_down)

    def _choose(self, **changed: Any) -> None:
        before = self.state.choices
        values = {name: getattr(before, name) for name in ("language", "theme", "text_scale", "lock_after_s")}
        choices = WindowChoices(**(values | changed))
        if self._show(choices=choices):
            self.chosen.emit(choices)

    def _take_policy(self, policy: ChainSettings) -> None:
        self._show(policy=policy)

    def _no_matter(self, error: Exception) -> None:
        """Without the cache (locked after days offline) the policy is left out."""
        if not isinstance(error, GuideDeskError):
            self._desk.tasks.failed.emit(error)

    def _take_status(self, status: SyncStatus) -> None:
        self._show(status=status, now_ms=status.now_ms)

    def _take_session(self, session: Session | None) -> None:
        groups = tuple(one for one in GROUPS if one not in NEEDS or self._desk.may(NEEDS[one]))
        if session is None:
            groups = SettingsState().groups
        group = self.state.group if self.state.group in groups and session is not None else "scanner"
        self._show(groups=groups, group=group)
