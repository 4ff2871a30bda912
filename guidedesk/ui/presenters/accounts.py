"""The store's people as accounts: who works here, a forgotten PIN, somebody new (SECURITY.md D-7)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.pins import pin_problems
from guidedesk.services.associates import StaffAccount, StaffAccounts
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.office_presenter import OfficePresenter


@dataclass(frozen=True, slots=True)
class AccountsState:
    """What the group and its dialogs show."""

    data: StaffAccounts | None = None
    chosen: str = ""
    is_asking: bool = False
    is_offline: bool = False
    is_deciding: bool = False
    problem: GuideDeskError | None = None
    step_problem: GuideDeskError | None = None

    @property
    def account(self) -> StaffAccount | None:
        """The one the table stands on."""
        people = () if self.data is None else self.data.people
        return next((one for one in people if one.id == self.chosen), people[0] if people else None)

    @property
    def why_not_pin(self) -> str:
        """The catalogue key that says why this PIN cannot be made new here, or empty."""
        if self.is_offline:
            return "associate.why.offline"
        if self.account is None:
            return "accounts.why.none"
        if not self.account.is_active:
            return "accounts.why.left"
        return "" if self.account.may_reset_pin else "accounts.why.rank"


class AccountsPresenter(OfficePresenter[AccountsState]):
    """`state_changed(AccountsState)`; `done(catalogue key)` once something was decided."""

    done = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, AccountsState, "staff.manage", parent)

    def reload(self) -> None:
        """Ask for the list."""
        self._read(self._desk.counter.office.accounts, take=self._take, latest="settings.accounts")

    def choose(self, staff_id: str) -> None:
        """Whom the table stands on."""
        self._show(chosen=staff_id)

    def begin(self) -> None:
        """A dialog opens."""
        self._show(step_problem=None)

    def reset_pin(self, new_pin: str, again: str, pin: str) -> None:
        """Hers from now on, typed twice by herself; `pin` is the manager's."""
        account = self.state.account
        if account is None or self.state.why_not_pin or not pin:
            return
        wrong = wrong_new_pin(new_pin, again)
        if wrong is not None:
            self._show(step_problem=wrong)
            return
        self._decide(self._desk.counter.office.reset_pin, account.id, new_pin, pin, take=self._reset)

    def add(self, number: str, name: str, name_en: str, pin: str) -> None:
        """Somebody begins as an associate."""
        if number.strip() and name.strip() and pin:
            self._decide(
                self._desk.counter.office.add_account, number.strip(), name.strip(), name_en.strip(), pin,
                take=self._added,
            )  # fmt: skip

    def _reset(self, _nothing: None) -> None:
        self.done.emit("accounts.told.pin")
        self.reload()

    def _added(self, found: StaffAccounts) -> None:
        self._take(found)
        self.done.emit("accounts.told.added")

    def _take(self, found: StaffAccounts) -> None:
        self._show(data=found)


@dataclass(frozen=True, slots=True)
class OwnPinState:
    """Changing one's own PIN."""

    is_asking: bool = False
    is_offline: bool = False
    is_deciding: bool = False
    problem: GuideDeskError | None = None
    step_problem: GuideDeskError | None = None


class OwnPinPresenter(OfficePresenter[OwnPinState]):
    """`done(catalogue key)` once it is changed; for everybody."""

    done = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, OwnPinState, None, parent)

    def begin(self) -> None:
        """The dialog opens."""
        self._show(step_problem=None)

    def change(self, new_pin: str, again: str, pin: str) -> None:
        """Another PIN for whoever is signed in, proved by the one of now."""
        session = self._desk.session
        if session is None or not pin:
            return
        wrong = wrong_new_pin(new_pin, again)
        if wrong is not None:
            self._show(step_problem=wrong)
            return
        self._decide(self._desk.counter.office.reset_pin, session.staff.id, new_pin, pin, take=self._changed)

    def _changed(self, _nothing: None) -> None:
        self.done.emit("accounts.told.own_pin")


def wrong_new_pin(new_pin: str, again: str) -> Refused | None:
    """Why this cannot be a new PIN, known without asking anybody."""
    if new_pin != again:
        return Refused("pin_twice")
    problems = pin_problems(new_pin)
    return Refused("pin_refused", problem=problems[0].value) if problems else None
