"""The columns count what the meaning of an audience says, member by member, for any members and conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from guidedesk.domain.contact_limits import CONTACT_CHANNELS, ContactFacts, ContactPolicy, is_muted_by, why_not_contact
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.segments import (
    BOUGHT,
    NOBODY,
    Asking,
    Audience,
    Condition,
    MemberFacts,
    WordKind,
    matches,
    read_audience,
    tier_on,
)
from guidedesk.domain.tiers import ORDER, TierRules
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import SERVER
from guidedesk.models.entities import upsert
from guidedesk.models.segment_tables import member_fact, member_fact_word
from guidedesk.server.segment_columns import Columns, Counted
from guidedesk.server.segment_fold import pack
from guidedesk.services.segments import audience_document

TODAY = 739_940
NOW_MS = 1_795_228_920_000
SCOPE = derived_id("store", 1)
OWNERS = [derived_id("staff", n) for n in range(4)]
WORDS = ("羊绒", "大衣", "护理液")
TAGS = ("投诉", "喜欢羊绒", "VIP")
days = st.integers(TODAY - 60, TODAY + 1)
maybe_day = st.none() | days

facts = st.builds(
    MemberFacts,
    owner_id=st.none() | st.sampled_from(OWNERS),
    consents=st.frozensets(st.sampled_from(CONSENT_PURPOSES), max_size=4),
    birthday=st.sampled_from([0, 101, 228, 229, 301, 1121, 1125, 1231]),
    hour=st.none() | st.integers(0, 23),
    in_store_on=maybe_day,
    contacted_on=maybe_day,
    touched_on=maybe_day,
    tried_on=maybe_day,
    orders=st.lists(st.tuples(days, st.integers(0, 200_000)), max_size=5).map(tuple),
    bought=st.dictionaries(st.tuples(st.sampled_from(BOUGHT), st.sampled_from(WORDS)), days, max_size=4),
    tags=st.dictionaries(st.sampled_from(TAGS), st.integers(NOW_MS - 60 * DAY_MS, NOW_MS), max_size=3),
    contacts_ms=st.lists(st.integers(NOW_MS - 9 * DAY_MS, NOW_MS), max_size=3).map(tuple),
    planned=st.integers(0, 2),
)
people = st.lists(st.tuples(facts, st.sampled_from([True, True, True, False])), max_size=12)


def one(kind: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Condition]:
    return st.builds(Condition, kind=st.just(kind), is_not=st.sampled_from([False, False, True]), **fields)


def some(values: Any) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True).map(tuple)


def bounded(most: int) -> dict[str, st.SearchStrategy[Any]]:
    pair = st.tuples(st.integers(0, most), st.integers(0, most)).map(sorted)
    return {"least": pair.map(lambda p: p[0]), "most": st.none() | st.just(most)}


back = st.integers(1, 70)
conditions = st.one_of(
    *(one(kind, words=some([*WORDS, "没有人买过"]), days=back) for kind in BOUGHT),
    one("not_in_store", days=back), one("last_bought", days=back), one("last_contact", days=back),
    one("orders", days=back, **bounded(4)), one("spent", days=back, **bounded(300_000)),
    one("hour", least=st.integers(0, 11), most=st.integers(12, 24)),
    one("hour", least=st.integers(13, 24), most=st.integers(0, 12)),
    one("tag", words=some(TAGS)), one("birthday", days=st.integers(0, 90)), one("tier", words=some(ORDER)),
    one("consent", words=some(CONSENT_PURPOSES)), one("owner", words=some([*OWNERS, NOBODY])),
    one("window_ends", days=st.integers(0, 30)), one("tried", days=back),
)  # fmt: skip
audiences = st.builds(Audience, st.sampled_from(["all", "any"]), st.lists(conditions, max_size=5).map(tuple))
askings = st.builds(
    Asking, st.integers(TODAY - 3, TODAY + 3), st.integers(0, 30),
    st.builds(TierRules, st.integers(1, 3), st.sampled_from([1, 200_000]), st.integers(1, 3), st.booleans()),
)  # fmt: skip


def columns_of(
    found: list[tuple[MemberFacts, bool]],
    *more: list[tuple[MemberFacts, bool]],
    asked: tuple[Audience, Asking] | None = None,
) -> Columns:
    """The members through the real table into columns; `more`: what they became later, one after the other, each time
    after everything was `asked` that is kept then."""
    engine = create_engine("sqlite://")
    keys: list[tuple[WordKind | str, str]] = [(kind, word) for kind in BOUGHT for word in WORDS]
    keys += [("tag", tag) for tag in TAGS]
    numbers = {key: number for number, key in enumerate(keys, 1)}
    columns = Columns()
    with engine.begin() as conn:
        SERVER.create_all(conn, [member_fact, member_fact_word])
        listed = [
            {"scope_id": SCOPE, "kind": kind, "word": word, "number": number, "name": word, "name_en": word}
            for (kind, word), number in numbers.items()
        ]
        upsert(conn, member_fact_word, listed)
        for seq, version in enumerate((found, *more), 1):
            rows = [
                {"scope_id": SCOPE, "member_id": derived_id("member", n), "seq": seq, "is_here": int(is_here),
                 "is_home": 1} | pack(each, numbers)
                for n, (each, is_here) in enumerate(version)
            ]  # fmt: skip
            upsert(conn, member_fact, rows)
            columns.refresh(conn, SCOPE)
            if asked is not None:
                counted_now(columns, *asked)
    engine.dispose()
    return columns


def counted_now(columns: Columns, audience: Audience, asking: Asking) -> Counted:
    found = columns.counted(
        audience, asking, columns.base(OWNERS[3:]), channel="wechat", policy=ContactPolicy(), cap_week=None,
        now_ms=NOW_MS,
    )  # fmt: skip
    return replace(found, by_owner=tuple(sorted(found.by_owner, key=str)))


def meant(found: list[tuple[MemberFacts, bool]], audience: Audience, asking: Asking) -> set[str]:
    return {
        derived_id("member", n)
        for n, (each, is_here) in enumerate(found)
        if is_here and matches(audience, each, asking)
    }


@settings(max_examples=150, deadline=None)
@given(people, audiences, askings)
def test_the_columns_mean_what_the_rule_means(
    found: list[tuple[MemberFacts, bool]], audience: Audience, asking: Asking
) -> None:
    columns = columns_of(found)
    mask = columns.mask(audience, asking, columns.base(()))
    assert set(columns.members(mask)) == meant(found, audience, asking)
    assert read_audience(audience_document(audience)) == audience


@settings(max_examples=60, deadline=None)
@given(people, people, audiences, askings)
def test_what_changed_is_counted_as_it_is_now(
    before: list[tuple[MemberFacts, bool]], now: list[tuple[MemberFacts, bool]], audience: Audience, asking: Asking
) -> None:
    columns = columns_of(before, now[:1], now, asked=(audience, asking))
    kept = [*now, *before[len(now) :]]
    mask = columns.mask(audience, asking, columns.base(()))
    assert set(columns.members(mask)) == meant(kept, audience, asking)
    assert counted_now(columns, audience, asking) == counted_now(columns_of(kept), audience, asking)


@settings(max_examples=80, deadline=None)
@given(people, audiences, st.sampled_from(CONTACT_CHANNELS), st.none() | st.integers(0, 3))
def test_steps_reasons_and_shares_add_up(
    found: list[tuple[MemberFacts, bool]], audience: Audience, channel: str, cap: int | None
) -> None:
    asking, policy = Asking(TODAY), ContactPolicy()
    columns = columns_of(found)
    counted = columns.counted(
        audience, asking, columns.base(()), channel=channel, policy=policy, cap_week=cap, now_ms=NOW_MS
    )
    wanted = [each for each, is_here in found if is_here and matches(audience, each, asking)]
    steps = [
        len(meant(found, Audience(audience.mode, audience.conditions[:at]), asking))
        for at in range(1, len(audience.conditions) + 1)
    ]
    whys = [why(each, channel, policy, cap) for each in wanted]
    assert list(counted.steps) == steps
    assert counted.matched == len(wanted)
    reasons = counted.reasons
    assert [reasons.reachable, reasons.no_consent, reasons.muted, reasons.capped] == [
        whys.count(None), whys.count("no_consent"), whys.count("muted"), whys.count("capped"),
    ]  # fmt: skip
    assert dict(counted.by_owner) == {
        owner: sum(not w and each.owner_id == owner for w, each in zip(whys, wanted, strict=True))
        for owner in {each.owner_id for w, each in zip(whys, wanted, strict=True) if not w}
    }
    assert counted.in_top_tier == sum(tier_on(each, asking) == "super" for each in wanted)
    assert counted.orders == sum(day >= TODAY - 365 for each in wanted for day, _ in each.orders)


def why(each: MemberFacts, channel: str, policy: ContactPolicy, cap: int | None) -> str | None:
    known = ContactFacts(
        consents=each.consents,
        contacts=sum(at_ms > NOW_MS - 7 * DAY_MS for at_ms in each.contacts_ms),
        planned=each.planned,
        is_muted=is_muted_by(each.tags.items(), policy, NOW_MS),
    )
    return why_not_contact(channel, known, policy, cap_week=cap)
