"""What the page of audiences and outreach shows: the list, the audience being made, its counts, the tasks to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.segments import MOST_CONDITIONS, SPECS, Audience, Condition, ConditionKind, read_audience
from guidedesk.services.segments import AudienceCount, Board, OutreachInfo, OutreachPreview, SegmentInfo, SegmentKind
from guidedesk.ui import formats

# What a new audience may begin with; the words of its name are texts of the same name.
PRESETS: Final[dict[str, tuple[Condition, ...]]] = {
    "empty": (),
    "away": (Condition(kind="orders", days=365, least=1), Condition(kind="not_in_store", days=45)),
    "birthday": (Condition(kind="birthday", days=7),),
    "first_order": (Condition(kind="orders", days=730, least=1, most=1), Condition(kind="last_bought", days=14)),
    "tried": (Condition(kind="tried", days=30),),
    "window": (Condition(kind="window_ends", days=3),),
}
BY_HAND: Final = "hand"
_FIRST: Final[dict[str, Condition]] = {
    "not_in_store": Condition(kind="not_in_store", days=45),
    "last_bought": Condition(kind="last_bought", days=90),
    "orders": Condition(kind="orders", days=365, least=2),
    "spent": Condition(kind="spent", days=365, least=300_000),
    "hour": Condition(kind="hour", least=18, most=21),
    "birthday": Condition(kind="birthday", days=7),
    "tier": Condition(kind="tier", words=("ordinary", "super")),
    "consent": Condition(kind="consent", words=("wechat",)),
    "last_contact": Condition(kind="last_contact", days=30),
    "window_ends": Condition(kind="window_ends", days=3),
    "tried": Condition(kind="tried", days=30),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """The audience on show as it stands in the window; `is_changed` until head office keeps it so."""

    id: str
    name: str
    kind: SegmentKind
    audience: Audience
    version: int = 0
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class SegmentsState:
    """What the page shows. `due` and `template` are what the tasks would say; `last` was handed out just now."""

    now_ms: int
    board: Board | None = None
    is_asking: bool = False
    is_offline: bool = False
    problem: GuideDeskError | None = None
    draft: Draft | None = None
    count: AudienceCount | None = None
    is_counting: bool = False
    count_problem: GuideDeskError | None = None
    saved_at_ms: int = 0
    is_saving: bool = False
    save_problem: GuideDeskError | None = None
    channel: str = "wechat"
    due: date | None = None
    cap: int = 0
    template: str = ""
    preview: OutreachPreview | None = None
    is_previewing: bool = False
    is_sending: bool = False
    send_problem: GuideDeskError | None = None

    @property
    def today(self) -> date:
        """The local day."""
        return formats.local_day(self.now_ms)

    @property
    def cap_week(self) -> int:
        """Contacts a week that these tasks may bring a member to."""
        most = 1 if self.board is None else self.board.cap_week
        return min(self.cap or most, most)

    @property
    def why_not_edited(self) -> str:
        """The catalogue key that says why nothing can be changed, or empty."""
        return "seg.offline" if self.is_offline else ""

    @property
    def why_not_sent(self) -> str:
        """The catalogue key that says why no tasks can go out now, or empty."""
        if self.is_offline:
            return "seg.offline"
        if self.draft is None or self.count is None:
            return "seg.why_not.none"
        if self.save_problem is not None or not self.draft.name:
            return "seg.why_not.unsaved"
        if not self.template.strip():
            return "seg.why_not.words"
        if self.count.reachable == 0:
            return "seg.why_not.nobody"
        return "seg.why_not.busy" if self.is_previewing or self.is_sending or self.is_saving else ""

    @property
    def last(self) -> OutreachInfo | None:
        """The newest tasks handed out for this audience."""
        outreaches = () if self.count is None else self.count.outreaches
        return outreaches[0] if outreaches else None

    @property
    def can_recall(self) -> bool:
        """Whether the newest tasks can still be taken back."""
        last = self.last
        return last is not None and last.recalled_at_ms is None and self.now_ms <= last.recall_until_ms

    @property
    def kinds(self) -> tuple[ConditionKind, ...]:
        """Kinds of condition that can be added: those there are words for."""
        if self.draft is None or self.draft.kind == BY_HAND or len(self.draft.audience.conditions) >= MOST_CONDITIONS:
            return ()
        return tuple(kind for kind in SPECS if self.first_of(kind) is not None)

    def first_of(self, kind: str) -> Condition | None:
        """What a new condition of this kind says at first; None where there is no word for it."""
        if kind in _FIRST:
            return _FIRST[kind]
        if self.board is None:
            return None
        if kind == "owner":
            words = tuple(each.id for each in self.board.colleagues[:1])
        else:
            words = tuple(each.word for each in self.board.words if each.kind == kind)[:1]
        spec = SPECS.get(kind)  # type: ignore[call-overload]
        days = 365 if spec is not None and spec.days else None
        return Condition(kind=kind, words=words, days=days) if words else None  # type: ignore[arg-type]


def draft_of(found: SegmentInfo) -> Draft:
    """An audience of the list as it is when nothing is changed."""
    audience = Audience() if found.audience is None else read_audience(found.audience)
    return Draft(found.id, found.name, found.kind, audience, found.version)
