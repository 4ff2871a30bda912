"""Audiences: which members a manager means, as conditions that read like a sentence (DESIGN-UI.md 5.12).

The language is closed: each kind of condition says what it takes, everything else is refused. `matches` is the meaning;
how fast a server counts is its own business. Days are local days of the chain as ordinals (`date.toordinal`), amounts
minor units of the chain's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal, cast

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.tiers import ORDER, TierRules, first_day, tier_of

Mode = Literal["all", "any"]
ConditionKind = Literal[
    "category", "product", "size", "colour", "not_in_store", "last_bought", "orders", "spent", "hour", "tag",
    "birthday", "tier", "consent", "last_contact", "owner", "window_ends", "tried",
]  # fmt: skip
WordKind = Literal["category", "product", "size", "colour"]
BOUGHT: Final[tuple[WordKind, ...]] = ("category", "product", "size", "colour")
NOBODY: Final = "-"  # as an owner: members who are nobody's
MOST_DAYS: Final = 730  # a counter's store sees two years of sales (SECURITY.md P-6)
MOST_CONDITIONS: Final = 12
MOST_WORDS: Final = 20
WORD_LIMIT: Final = 80
NAME_LIMIT: Final = 40
_MOST_ORDERS: Final = 999
_MOST_MINOR: Final = 10**12
_HOURS: Final = 24
_LEAP_DAY: Final = 229


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition; which fields it takes is its kind's business (`SPECS`).

    `words`: categories, articles (SKU), sizes, colours, tags, tiers, purposes of consent or owners, any of which will
    do. `days`: so many local days back (ahead for birthdays and windows), today included. `least` and `most`: orders,
    minor units, or hours of the day (`most` excluded, past midnight where it is smaller). `is_not`: excludes whom it
    describes.
    """

    kind: ConditionKind
    words: tuple[str, ...] = ()
    days: int | None = None
    least: int | None = None
    most: int | None = None
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """What a kind of condition takes: `needs_words`, a range of `days`, and whether and how far `least` and `most`."""

    needs_words: bool = False
    days: tuple[int, int] | None = None
    bounds: tuple[int, int] | None = None
    needs_both: bool = False
    known: tuple[str, ...] = ()


_BACK: Final = (1, MOST_DAYS)
SPECS: Final[Mapping[ConditionKind, Spec]] = {
    "category": Spec(needs_words=True, days=_BACK),
    "product": Spec(needs_words=True, days=_BACK),
    "size": Spec(needs_words=True, days=_BACK),
    "colour": Spec(needs_words=True, days=_BACK),
    "not_in_store": Spec(days=_BACK),
    "last_bought": Spec(days=_BACK),
    "orders": Spec(days=_BACK, bounds=(0, _MOST_ORDERS)),
    "spent": Spec(days=_BACK, bounds=(0, _MOST_MINOR)),
    "hour": Spec(bounds=(0, _HOURS), needs_both=True),
    "tag": Spec(needs_words=True),
    "birthday": Spec(days=(0, 90)),
    "tier": Spec(needs_words=True, known=ORDER),
    "consent": Spec(needs_words=True, known=CONSENT_PURPOSES),
    "last_contact": Spec(days=_BACK),
    "owner": Spec(needs_words=True),
    "window_ends": Spec(days=(0, 90)),
    "tried": Spec(days=_BACK),
}


@dataclass(frozen=True, slots=True)
class Audience:
    """Conditions joined by `mode`; those with `is_not` take away whom they describe. Without any: every member."""

    mode: Mode = "all"
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    """What is known of one member, as far as an audience can ask. Times ms UTC; `None` or 0: never, not known.

    `orders`: (day, net amount) of what she bought and did not bring back whole; `bought`: (kind, word) -> the last day;
    `birthday`: month * 100 + day; `hour`: the hour in which she buys most; `tried_on`: the last day she tried something
    on without having bought since; `touched_on`: the day her owner's window began.
    """

    member_id: str = ""
    owner_id: str | None = None
    consents: frozenset[str] = frozenset()
    birthday: int = 0
    hour: int | None = None
    in_store_on: int | None = None
    contacted_on: int | None = None
    touched_on: int | None = None
    tried_on: int | None = None
    orders: tuple[tuple[int, int], ...] = ()
    bought: Mapping[tuple[WordKind, str], int] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    contacts_ms: tuple[int, ...] = ()
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """When an audience is asked for, and the chain's settings it depends on."""

    today: int
    window_days: int = 15
    tiers: TierRules = field(default_factory=TierRules)


# --- reading ---------------------------------------------------------------------------------------------------------


def read_audience(value: object) -> Audience:
    """An audience out of JSON values, strictly; `segment_invalid` (field, why, at) for anything the language lacks."""
    if not isinstance(value, Mapping) or set(value) != {"mode", "conditions"}:
        raise _invalid("audience", "fields")
    mode, conditions = value["mode"], value["conditions"]
    if mode not in ("all", "any"):
        raise _invalid("mode", "unknown")
    if not isinstance(conditions, list | tuple) or len(conditions) > MOST_CONDITIONS:
        raise _invalid("conditions", "too_many" if isinstance(conditions, list | tuple) else "not_a_list")
    return Audience(cast(Mode, mode), tuple(read_condition(each, at) for at, each in enumerate(conditions)))


def read_condition(value: object, at: int = 0) -> Condition:
    """One condition out of JSON values, as `read_audience`."""
    if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
        raise _invalid("kind", "missing", at)
    spec = SPECS.get(cast(ConditionKind, value["kind"]))
    if spec is None:
        raise _invalid("kind", "unknown", at)
    taken = {"kind", "is_not"}
    taken |= {"words"} if spec.needs_words else set()
    taken |= {"days"} if spec.days else set()
    taken |= {"least", "most"} if spec.bounds else set()
    for name, given in value.items():
        is_empty = given is None or given == [] or given == ()
        if name not in ("kind", "words", "days", "least", "most", "is_not") or (name not in taken and not is_empty):
            raise _invalid(str(name)[:40], "not_taken", at)
    is_not = value.get("is_not", False)
    if type(is_not) is not bool:
        raise _invalid("is_not", "not_a_flag", at)
    least, most = _bounds(value, spec, at)
    return Condition(
        kind=cast(ConditionKind, value["kind"]),
        words=_words(value.get("words"), spec, at),
        days=_number(value.get("days"), spec.days, "days", at) if spec.days else None,
        least=least,
        most=most,
        is_not=is_not,
    )


def _words(given: object, spec: Spec, at: int) -> tuple[str, ...]:
    if not spec.needs_words:
        return ()
    if not isinstance(given, list | tuple) or not 0 < len(given) <= MOST_WORDS:
        raise _invalid("words", "missing" if not given else "too_many", at)
    for word in given:
        if not isinstance(word, str) or not word.strip() or len(word) > WORD_LIMIT:
            raise _invalid("words", "not_a_word", at)
        if spec.known and word not in spec.known:
            raise _invalid("words", "unknown", at)
    if len(set(given)) != len(given):
        raise _invalid("words", "twice", at)
    return tuple(given)


def _bounds(value: Mapping[str, object], spec: Spec, at: int) -> tuple[int | None, int | None]:
    if spec.bounds is None:
        return None, None
    least, most = value.get("least"), value.get("most")
    found = tuple(
        None if given is None else _number(given, spec.bounds, name, at)
        for name, given in (("least", least), ("most", most))
    )
    if found == (None, None) or (spec.needs_both and None in found):
        raise _invalid("least", "missing", at)
    if spec.needs_both and found[0] == found[1]:
        raise _invalid("most", "empty", at)
    if not spec.needs_both and found[0] is not None and found[1] is not None and found[0] > found[1]:
        raise _invalid("most", "below_least", at)
    return found[0], found[1]


def _number(given: object, allowed: tuple[int, int] | None, name: str, at: int) -> int:
    if type(given) is not int:
        raise _invalid(name, "missing" if given is None else "not_a_number", at)
    if allowed is not None and not allowed[0] <= given <= allowed[1]:
        raise _invalid(name, "out_of_range", at)
    return given


def _invalid(field_name: str, why: str, at: int | None = None) -> Refused:
    return Refused("segment_invalid", field=field_name, why=why, at=-1 if at is None else at)


def check_name(text: str) -> str:
    """A name of an audience as kept; `segment_unnamed` for nothing, at most `NAME_LIMIT` characters."""
    name = " ".join(text.split())[:NAME_LIMIT].strip()
    if not name:
        raise Refused("segment_unnamed")
    return name


# --- meaning ---------------------------------------------------------------------------------------------------------


def matches(audience: Audience, facts: MemberFacts, asking: Asking) -> bool:
    """Whether an audience means this member."""
    wanted = [meets(one, facts, asking) for one in audience.conditions if not one.is_not]
    if any(meets(one, facts, asking) for one in audience.conditions if one.is_not):
        return False
    return all(wanted) if audience.mode == "all" else not wanted or any(wanted)


def meets(one: Condition, facts: MemberFacts, asking: Asking) -> bool:
    """Whether a condition describes this member; `is_not` is not looked at."""
    since = asking.today - (one.days or 0)
    if one.kind in BOUGHT:
        return any(facts.bought.get((one.kind, word), -1) >= since for word in one.words)
    if one.kind == "not_in_store":
        return (facts.in_store_on or 0) < since
    if one.kind == "last_bought":
        return any(day >= since for day, _ in facts.orders)
    if one.kind == "orders":
        return _within(sum(1 for day, _ in facts.orders if day >= since), one)
    if one.kind == "spent":
        return _within(sum(net for day, net in facts.orders if day >= since), one)
    if one.kind == "hour":
        return facts.hour is not None and facts.hour in hours_of(one)
    if one.kind == "tag":
        return any(word in facts.tags for word in one.words)
    if one.kind == "birthday":
        return facts.birthday in birthdays(asking.today, one.days or 0)
    if one.kind == "tier":
        return tier_on(facts, asking) in one.words
    if one.kind == "consent":
        return any(word in facts.consents for word in one.words)
    if one.kind == "last_contact":
        return (facts.contacted_on or 0) < since
    if one.kind == "owner":
        return (facts.owner_id or NOBODY) in one.words
    if one.kind == "window_ends":
        return window_end_within(facts, one.days or 0, asking)
    return facts.tried_on is not None and facts.tried_on >= since


def _within(value: int, one: Condition) -> bool:
    return (one.least is None or value >= one.least) and (one.most is None or value <= one.most)


def hours_of(one: Condition) -> frozenset[int]:
    """The hours of the day that an `hour` condition means."""
    start, end = one.least or 0, one.most or 0
    if start < end:
        return frozenset(range(start, end))
    return frozenset(hour for hour in range(_HOURS) if hour >= start or hour < end)


def birthdays(today: int, days: int) -> frozenset[int]:
    """Birthdays (month * 100 + day) from today on for so many days; who has hers on 29 February has it on the 28th in
    other years."""
    found: set[int] = set()
    for ahead in range(days + 1):
        day = date.fromordinal(today) + timedelta(days=ahead)
        found.add(day.month * 100 + day.day)
        if day.month == 2 and day.day == 28 and (day + timedelta(days=1)).month == 3:
            found.add(_LEAP_DAY)
    return frozenset(found)


def tier_on(facts: MemberFacts, asking: Asking) -> str:
    """Her tier by what she bought (`domain.tiers`)."""
    start = first_day(date.fromordinal(asking.today), asking.tiers.months).toordinal()
    counted = [net for day, net in facts.orders if day >= start]
    return tier_of(len(counted), sum(counted), has_channel(facts.consents), asking.tiers)


def has_channel(consents: frozenset[str]) -> bool:
    """Whether she agreed to at least one channel of contact."""
    return bool(consents & {"wechat", "sms", "phone"})


def window_end_within(facts: MemberFacts, days: int, asking: Asking) -> bool:
    """Whether her owner's earning window ends today or in so many days (COMMISSION.md 2)."""
    if facts.owner_id is None or facts.touched_on is None:
        return False
    return 0 <= facts.touched_on + asking.window_days - asking.today <= days


def usual_hour(hours: Sequence[int]) -> int | None:
    """The hour of the day in which somebody buys most often; of several the earliest, None without any."""
    counts = [0] * _HOURS
    for hour in hours:
        counts[hour] += 1
    return counts.index(max(counts)) if hours else None
