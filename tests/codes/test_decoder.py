"""What the counter says of a scanned or typed text (CODES.md Q-1)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType, Reason, SignedRecord

CASES = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
MEMBER = next(case["text"] for case in CASES if case["name"] == "member, digits alone")
SIGNED = next(case["text"] for case in CASES if case["name"] == "signed member card, no trust list")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_table_of_examples(case):
    for payload in (case["text"], case["text"].encode("utf-8")):
        result = decode(payload, typed=case["typed"])
        if case["reason"] is None:
            assert isinstance(result, CodeOk)
            assert (result.form, result.type) == (case["form"], case["type"])
            assert case["text"].endswith(result.digits)
        else:
            assert result == CodeRefused(Reason(case["reason"]))


@given(
    st.one_of(st.binary(max_size=600), st.text(max_size=600), st.text("0123456789X]Q1/:htps", max_size=240))
)
def test_no_input_raises(payload):
    for typed in (False, True):
        assert isinstance(decode(payload, typed), CodeOk | CodeRefused)


@given(st.text(st.characters(categories=["Cs"]), min_size=1, max_size=20))
def test_lone_surrogates_are_refused(text):
    assert decode(text) == CodeRefused(Reason.NOT_A_CODE)


@given(
    st.text(
        st.characters(categories=["Nd", "Nl", "No"], exclude_characters="0123456789"),
        min_size=22,
        max_size=22,
    )
)
def test_digits_of_other_scripts_are_no_digits(text):
    assert decode(text, typed=True) == CodeRefused(Reason.NOT_A_CODE)


@given(st.text(st.characters(exclude_characters="0123456789", codec="utf-8"), min_size=1, max_size=8))
def test_nothing_may_stand_behind_the_digits(tail):
    assert not isinstance(decode(MEMBER + tail), CodeOk)


class _List:
    """A trust list that finds one fault, or none."""
    assurance = 1

    def __init__(self, fault: Reason | None) -> None:
        self.fault = fault
        self.seen: list[SignedRecord] = []

    def first_fault(self, record: SignedRecord) -> Reason | None:
        self.seen.append(record)
        return self.fault


def test_a_trusted_signed_code_is_accepted_with_its_record():
    trust = _List(None)
    result = decode(SIGNED, trust=trust)
    assert isinstance(result, CodeOk)
    assert (result.form, result.type, result.digits) == ("signed", CodeType.MEMBER, SIGNED)
    assert result.record is not None
    assert result.record.handle == bytes(range(3, 11))
    assert (result.record.key_id, result.record.generation) == (0x0102, 0x0B0C)
    assert len(result.record.signature) == 64
    assert trust.seen == [result.record]


def test_the_trust_list_names_the_reason():
    assert decode(SIGNED, trust=_List(Reason.REVOKED)) == CodeRefused(Reason.REVOKED)


def test_the_trust_list_is_not_asked_about_what_is_no_record():
    trust = _List(None)
    decode("9" * 196, trust=trust)
    decode(MEMBER, trust=trust)
    assert trust.seen == []
