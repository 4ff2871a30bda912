"""Who may be contacted: consent, complaints, the cap over everybody and quiet hours, for any role."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.contact_limits import (
    CONTACT_CHANNELS,
    ContactFacts,
    ContactPolicy,
    best_channel,
    hour_of,
    is_muted_by,
    is_quiet,
    why_not_contact,
)

DAY = 86_400_000
POLICY = ContactPolicy()
FREE = ContactFacts(consents=frozenset({"wechat", "phone"}))
facts_of_anybody = st.builds(
    ContactFacts,
    consents=st.frozensets(st.sampled_from([*CONTACT_CHANNELS, "personalised"])),
    contacts=st.integers(0, 5),
    planned=st.integers(0, 3),
    is_muted=st.booleans(),
)
policies = st.builds(ContactPolicy, cap_week=st.integers(0, 4), quiet_from=st.times(), quiet_to=st.times())


@pytest.mark.parametrize(
    ("channel", "facts", "at", "why"),
    [
        ("wechat", FREE, None, None),
        ("sms", FREE, None, "no_consent"),
        ("mini", FREE, None, "no_consent"),
        ("wechat", ContactFacts(consents=FREE.consents, is_muted=True, contacts=9), None, "muted"),
        ("wechat", ContactFacts(consents=FREE.consents, contacts=2), None, "capped"),
        ("wechat", ContactFacts(consents=FREE.consents, contacts=1, planned=1), None, "capped"),
        ("wechat", ContactFacts(consents=FREE.consents, contacts=1), None, None),
        ("wechat", FREE, time(20, 59), None),
        ("wechat", FREE, time(21, 0), "quiet"),
        ("wechat", FREE, time(8, 59), "quiet"),
        ("wechat", FREE, time(9, 0), None),
    ],
)
def test_the_one_reason_is_told(channel: str, facts: ContactFacts, at: time | None, why: str | None) -> None:
    assert why_not_contact(channel, facts, POLICY, at=at) == why


@given(
    st.sampled_from([*CONTACT_CHANNELS, "mini", ""]), facts_of_anybody, policies, st.none() | st.times(), st.integers()
)
def test_nobody_is_contacted_against_a_rule(
    channel: str, facts: ContactFacts, policy: ContactPolicy, at: time | None, cap: int
) -> None:
    if why_not_contact(channel, facts, policy, at=at, cap_week=cap) is None:
        assert channel in facts.consents
        assert not facts.is_muted
        assert facts.contacts + facts.planned < policy.cap_week
        assert at is None or not is_quiet(at, policy)


@given(facts_of_anybody, policies, st.integers(0, 9))
def test_a_chosen_cap_only_makes_it_stricter(facts: ContactFacts, policy: ContactPolicy, cap: int) -> None:
    if why_not_contact("wechat", facts, policy, cap_week=cap) is None:
        assert why_not_contact("wechat", facts, policy) is None


@given(st.times())
def test_quiet_hours_may_lie_within_a_day_or_be_none(at: time) -> None:
    noon = ContactPolicy(quiet_from=time(12), quiet_to=time(14))
    assert is_quiet(at, noon) == (12 <= at.hour < 14)
    assert not is_quiet(at, ContactPolicy(quiet_from=time(9), quiet_to=time(9)))


def test_the_best_channel_is_the_first_that_is_free() -> None:
    assert best_channel(FREE, POLICY, wanted=("sms", "phone", "wechat")) == "phone"
    assert best_channel(FREE, POLICY, at=time(22)) is None


def test_a_complaint_silences_for_so_many_days() -> None:
    now = 100 * DAY
    assert is_muted_by([("喜欢羊绒", now), ("投诉", now - 29 * DAY)], POLICY, now)
    assert is_muted_by([("Complaint", now)], POLICY, now)
    assert not is_muted_by([("投诉", now - 30 * DAY)], POLICY, now)
    assert not is_muted_by([("投诉", now)], ContactPolicy(mute_days=0), now)


def test_a_mistyped_hour_opens_nothing() -> None:
    assert hour_of("20:30", time(21)) == time(20, 30)
    assert hour_of("25:00", time(21)) == time(21)
