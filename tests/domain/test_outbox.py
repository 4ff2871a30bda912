"""How full a counter may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.outbox import MOST_UNSENT, NEARLY_FULL, fullness, has_room


def test_the_marks_are_those_of_the_specification() -> None:
    assert (MOST_UNSENT, NEARLY_FULL) == (50_000, 30_000)
    assert [fullness(n) for n in (0, 29_999, 30_000, 49_999, 50_000, 60_000)] == [
        "room", "room", "filling", "filling", "full", "full",
    ]  # fmt: skip


@given(st.integers(0, 100_000), st.integers(1, 500))
def test_whoever_is_let_in_never_goes_past_the_limit(unsent: int, more: int) -> None:
    assert has_room(unsent, more) == (unsent + more <= MOST_UNSENT)
    assert has_room(unsent) == (fullness(unsent) != "full")
