"""Head office's answers about a team for tests of the window: what it was given, and whether it can be reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from guidedesk.domain.errors import TransportError
from guidedesk.services.team import ListKind, TeamBoard, TeamList


@dataclass
class TeamAtHand:
    """`boards`: by store, None for the area; `kept`: what the counter kept of an earlier answer."""

    boards: dict[str | None, TeamBoard] = field(default_factory=dict)
    kept: dict[str | None, TeamBoard] = field(default_factory=dict)
    lists: dict[ListKind, TeamList] = field(default_factory=dict)
    refusal: Exception | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def last_board(self, store_id: str | None) -> TeamBoard | None:
        return self.kept.get(store_id)

    def board(self, store_id: str | None) -> TeamBoard:
        self.asked.append(("board", store_id))
        if self.refusal is not None:
            raise self.refusal
        if store_id not in self.boards:
            raise TransportError("bad_answer")
        return self.boards[store_id]

    def list_behind(
        self, store_id: str | None, kind: ListKind, first: str, last: str, who: str | None, slot: int | None,
        tier: str | None,
    ) -> TeamList:  # fmt: skip
        self.asked.append(("list", kind, first, last, who, slot, tier))
        if self.refusal is not None:
            raise self.refusal
        return self.lists[kind]
