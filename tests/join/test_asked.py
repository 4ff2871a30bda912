"""Whatever a stranger sends to the pages is refused or cleaned, never a fault (SECURITY.md 3)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.joining import PURPOSES, is_load_counted, read_answers
from guidedesk.server.join.asked import read_form
from guidedesk.server.join.pages import language_of
from guidedesk.server.join.tokens import MemberToken, PageToken, read_member, read_page, sign
from guidedesk.server.routes.join import _cookie
from guidedesk.server.secrets import new_secrets
from tests.server.shop import CountingRandom

SECRETS = new_secrets(CountingRandom())
PAGE = PageToken("4" * 22, "store", "badge", 1, "nonce")
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(("accepted", "shown"), [
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh_CN"), ("en-GB,en;q=0.9,zh;q=0.5", "en"), ("fr,zh;q=0.3", "zh_CN"),
    ("zh;q=0,en", "en"), ("de-DE", "en"), ("", "zh_CN"), ("*", "zh_CN"), ("en;q=nonsense,zh", "zh_CN"),
])  # fmt: skip
def test_the_page_speaks_the_phones_language(accepted: str, shown: str) -> None:
    assert language_of("", accepted) == shown
    assert language_of("en", accepted) == "en"


@given(st.text(), st.text())
def test_any_header_gives_a_language(asked: str, accepted: str) -> None:
    assert language_of(asked, accepted) in ("zh_CN", "en")


@given(st.binary(max_size=200), st.sampled_from([FORM, FORM + "; charset=utf-8", "text/plain", ""]))
def test_any_body_is_fields_or_refused(body: bytes, kind: str) -> None:
    with suppress(Refused):
        assert all(isinstance(value, str) for values in read_form(body, kind).values() for value in values)


@given(st.text(max_size=300))
def test_any_cookie_header_is_read_without_a_fault(header: str) -> None:
    assert isinstance(_cookie(header), str)


@given(st.text(max_size=200))
def test_nobody_makes_up_a_token(text: str) -> None:
    for read in (read_page, read_member):
        with pytest.raises(Refused, match="page_unknown"):
            read(SECRETS, text)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_token_is_no_token(place: int, by: int) -> None:
    token = sign(SECRETS, "form", PAGE)
    assert read_page(SECRETS, token) == PAGE
    at = place % len(token)
    changed = token[:at] + chr(ord(token[at]) ^ (by & 0x7F or 1)) + token[at + 1 :]
    with pytest.raises(Refused, match="page_unknown"):
        read_page(SECRETS, changed)


def test_a_form_is_no_sign_in() -> None:
    with pytest.raises(Refused, match="page_unknown"):
        read_member(SECRETS, sign(SECRETS, "form", PAGE))
    with pytest.raises(Refused, match="page_unknown"):
        read_page(SECRETS, sign(SECRETS, "member", MemberToken("m", "p", 1)))


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=20), st.lists(st.text(max_size=10)))
def test_any_form_is_answers_or_a_refusal(phone: str, name: str, birthday: str, ticked: list[str]) -> None:
    with suppress(Refused):
        found = read_answers(phone, name, birthday, ticked)
        assert found.given <= set(PURPOSES)


def test_the_load_counts_for_thirty_minutes_and_never_from_the_future() -> None:
    assert [is_load_counted(0, at) for at in (0, 1_800_000, 1_800_001, -1)] == [True, True, False, False]
