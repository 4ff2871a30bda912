"""A form about something of worth: what proof there is of who the member is, a manager's word if need be (Q-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from guidedesk.domain.coupons import FULL_ASSURANCE
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.services.read_models import CouponRoom
from guidedesk.ui.presenters.forms import FormPresenter, FormState

TYPED_LIMIT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class VouchedState(FormState):
    """`assurance` is the best proof of her last scans; below 2 a manager's number and PIN are asked for. `room` is what
    this counter may still let pass today."""

    assurance: int = 0
    room: CouponRoom | None = None
    number: str = ""
    pin: str = ""
    override_by: str | None = None

    @property
    def needs_manager(self) -> bool:
        """Whether somebody has to vouch for it."""
        return self.assurance < FULL_ASSURANCE


V = TypeVar("V", bound=VouchedState)


class VouchedPresenter(FormPresenter[V]):
    """Hears a manager's word before it records. A PIN is never kept as a draft."""

    def type_number(self, text: str) -> None:
        """The manager's staff number."""
        self._show(number=text[:TYPED_LIMIT], override_by=None, problems=self.state.without("number"))

    def type_pin(self, text: str) -> None:
        """Her PIN; it stays in this form and goes with it."""
        self._show(pin=text[:TYPED_LIMIT], override_by=None, problems=self.state.without("pin"))

    def unvouched(self, state: V) -> tuple[tuple[str, GuideDeskError], ...]:
        """What is missing of a manager's word, for `check`."""
        return (("number", Refused("coupon_proof")),) if state.needs_manager and not state.number.strip() else ()

    def save(self) -> None:
        """Ctrl Enter: a manager's word is heard first; then it is recorded."""
        state = self.state
        if state.card is None or state.is_saving or not state.needs_manager or state.override_by is not None:
            super().save()
            return
        problems = self.check(state)
        self._show(problems=problems)
        if problems:
            return
        self._show(is_saving=True)

        def heard(staff_id: str) -> None:
            if self.state.card is not None:
                self._show(is_saving=False, override_by=staff_id)
                super(VouchedPresenter, self).save()

        def refused(error: Exception) -> None:
            known = error if isinstance(error, GuideDeskError) else None
            self._show(is_saving=False, pin="", problems=(("pin", known),) if known else ())
            if known is None:
                self._desk.tasks.failed.emit(error)

        self._desk.tasks.ask(
            self._desk.counter.prove_manager, state.number.strip(), state.pin, done=heard, failed=refused
        )

    def assurance(self, state: V) -> int:
        """As the member proved who she is."""
        return state.assurance

    def placed(self, error: Exception) -> str:
        """What the rules refuse is said in the form."""
        return "pin" if isinstance(error, GuideDeskError) else ""
