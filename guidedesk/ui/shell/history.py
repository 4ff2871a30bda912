"""Where Esc and Alt Left go: at most 20 places, forgotten on lock (DESIGN-UI.md 2). No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A page and what it showed (its own memento, e.g. a member id)."""

    page: str
    memento: object = None


class History:
    """The places visited before the present one."""

    def __init__(self) -> None:
        self._places: list[Place] = []

    def __len__(self) -> int:
        return len(self._places)

    def leave(self, place: Place) -> None:
        """Remember a place that is being left; the same place twice in a row counts once."""
        if not self._places or self._places[-1] != place:
            self._places.append(place)
        del self._places[:-LIMIT]

    def back(self) -> Place | None:
        """The place to return to, or None at the beginning."""
        return self._places.pop() if self._places else None

    def clear(self) -> None:
        """Forget everything."""
        self._places.clear()
