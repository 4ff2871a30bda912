"""What every presenter does with the one frozen state that its view renders: keep it, change it, tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal


class _Frozen(Protocol):
    """A frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


State = TypeVar("State", bound=_Frozen)


class StatePresenter(QObject, Generic[State]):
    """`state_changed(state)` after every real change; an equal state is not told again, so that no view repaints."""

    state_changed = Signal(object)

    def __init__(self, state: State, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = state

    def _show(self, **changed: Any) -> bool:
        """Change parts of the state; whether anything is different now."""
        return self._show_state(replace(self.state, **changed))

    def _show_state(self, state: State) -> bool:
        """Take another state; whether it differs from the one before."""
        if state == self.state:
            return False
        self.state = state
        self.state_changed.emit(state)
        return True
