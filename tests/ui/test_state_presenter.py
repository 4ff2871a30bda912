"""What every screen relies on of its presenter: a change is told once, and no change is not told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True)
class Counted:
    now_ms: int = 0
    name: str = ""


def presenter() -> tuple[StatePresenter[Counted], list[Any]]:
    made = StatePresenter(Counted())
    told: list[Any] = []
    made.state_changed.connect(told.append)
    return made, told


def test_a_change_is_told_with_everything_else_as_it_was() -> None:
    made, told = presenter()
    assert made._show(now_ms=1)
    assert made._show(name="林")
    assert told == [Counted(1), Counted(1, "林")]
    assert made.state == Counted(1, "林")


def test_what_says_the_same_again_repaints_nothing() -> None:
    made, told = presenter()
    assert made._show_state(Counted(1))
    assert not made._show_state(Counted(1))
    assert not made._show(now_ms=1)
    assert told == [Counted(1)]
