"""What head office says about audiences and outreach: the documents that screen 12 stands on (DESIGN-UI.md 5.12).

The server builds these classes and sends them with `to_document`; a counter reads them with `read_document` and shows
them. An audience travels as JSON, `domain.segments.read_audience` reads it. Times UTC ms, days `YYYY-MM-DD`, amounts
whole minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from guidedesk.domain.people import Tier
from guidedesk.domain.segments import Audience, Condition
from guidedesk.services.read_models import Bilingual

SegmentKind = Literal["dynamic", "hand"]
SEGMENT_KINDS: Final[tuple[SegmentKind, ...]] = ("dynamic", "hand")


@dataclass(frozen=True, slots=True)
class WordInfo:
    """A category, article, size, colour or tag that members of this store have; `word` is what a condition names."""

    kind: str
    word: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of this store whose members may be asked for."""

    id: str
    number: str
    name: Bilingual
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentInfo:
    """A saved audience: dynamic, or a group kept by hand (then `audience` is None). `members` were counted then."""

    id: str
    name: str
    kind: SegmentKind
    audience: Mapping[str, Any] | None
    version: int
    changed_at_ms: int
    members: int
    counted_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the screen needs before anything is counted."""

    as_of_ms: int
    segments: tuple[SegmentInfo, ...]
    words: tuple[WordInfo, ...]
    colleagues: tuple[Colleague, ...]
    currency: str
    cap_week: int
    quiet_from: str
    quiet_to: str


@dataclass(frozen=True, slots=True)
class Share:
    """Who would get how many tasks; `is_own` says that they are her own members, else nobody's own."""

    staff_id: str
    name: Bilingual
    count: int
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutreachInfo:
    """What came of tasks handed out. `came` and `bought`: members seen in the store, and who bought, in two weeks.

    `recall_until_ms`: until when they can be taken back; `recalled_at_ms` once they were, `recalled` how many.
    """

    id: str
    name: str
    channel: str
    due_date: str
    sent: int
    sent_by: Bilingual
    sent_at_ms: int
    recall_until_ms: int
    recalled_at_ms: int | None
    recalled: int
    open: int
    done: int
    on_time: int
    came: int
    bought: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceCount:
    """An audience counted now. `steps`: members left after each condition; `is_whole`: nothing waits to be counted in.

    `average_minor`: what an order of theirs comes to over a year, None without any; `top_percent`: super members.
    """

    as_of_ms: int
    total: int
    steps: tuple[int, ...]
    matched: int
    reachable: int
    no_consent: int
    muted: int
    capped: int
    shares: tuple[Share, ...]
    average_minor: int | None
    top_percent: int | None
    is_whole: bool
    outreaches: tuple[OutreachInfo, ...] = ()


MOST_LISTED: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMember:
    """A member of an audience: `orders` and `spent_minor` of a year, `in_store` the day she was last there or empty."""

    member_id: str
    name: Bilingual
    tier: Tier
    owner: Bilingual
    orders: int
    spent_minor: int
    in_store: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberList:
    """Whom an audience means. `rows`: at most `MOST_LISTED`; `orders` and `spent_minor` are of all of them, in a year;
    `total` None: fewer than five people, so nobody is shown."""

    as_of_ms: int
    total: int | None
    rows: tuple[ListedMember, ...]
    orders: int
    spent_minor: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One member as the tasks would have it: whose task, and the words."""

    member_id: str
    name: str
    staff: Bilingual
    text: str


@dataclass(frozen=True, slots=True)
class OutreachPreview:
    """A few real cases, and how many tasks there would be."""

    tasks: int
    cases: tuple[Case, ...]


def audience_document(audience: Audience) -> dict[str, Any]:
    """An audience as JSON values that `domain.segments.read_audience` reads."""
    return {"mode": audience.mode, "conditions": [condition_document(one) for one in audience.conditions]}


def condition_document(one: Condition) -> dict[str, Any]:
    """One condition as JSON values; what it does not take is left out."""
    made: dict[str, Any] = {"kind": one.kind}
    if one.words:
        made["words"] = list(one.words)
    made |= {
        name: value
        for name, value in (("days", one.days), ("least", one.least), ("most", one.most))
        if value is not None
    }
    return made | ({"is_not": True} if one.is_not else {})
