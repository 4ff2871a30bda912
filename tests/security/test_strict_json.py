"""The strict parser agrees with Python's on honest texts and refuses every ambiguous one (S-2)."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.sync.strict_json import (
    MAX_INTEGER,
    JsonFault,
    JsonRefused,
    JsonValue,
    Limits,
    dumps,
    loads,
    loads_object,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
EXACT = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
WITH_FLOATS = st.recursive(
    EXACT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(WITH_FLOATS, st.booleans(), st.sampled_from([None, 2]))
def test_honest_texts_mean_what_python_says(value: JsonValue, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert loads(text) == json.loads(text)


@given(EXACT)
def test_canonical_text_reads_back_and_is_stable(value: JsonValue) -> None:
    text = dumps(value)
    assert loads(text) == value
    assert dumps(loads(text)) == text


@given(st.binary(max_size=200))
def test_no_bytes_give_any_other_exception(data: bytes) -> None:
    try:
        value = loads(data)
    except JsonRefused:
        return
    assert value == json.loads(data)


@given(st.text(alphabet='[]{}",:0129.-+eE \\udNaInfty\n', max_size=60))
def test_json_like_texts_give_a_value_or_a_refusal(text: str) -> None:
    with suppress(JsonRefused):
        loads(text.encode())


REFUSED = [
    (b'{"a":1,"a":1}', JsonFault.DUPLICATE_KEY),
    (b'{"a":1,"\\u0061":2}', JsonFault.DUPLICATE_KEY),
    (b'[{"x":{"k":1,"k":2}}]', JsonFault.DUPLICATE_KEY),
    (b"NaN", JsonFault.NOT_FINITE),
    (b"[Infinity]", JsonFault.NOT_FINITE),
    (b"[-Infinity]", JsonFault.NOT_FINITE),
    (b"1e400", JsonFault.NOT_FINITE),
    (b"-1e400", JsonFault.NOT_FINITE),
    (b"9007199254740993", JsonFault.INTEGER_RANGE),
    (b"-9007199254740993", JsonFault.INTEGER_RANGE),
    (b"1" * 4301, JsonFault.INTEGER_RANGE),
    (b"1" * 400, JsonFault.INTEGER_RANGE),
    (b'{"a":{"b":[9007199254740993]}}', JsonFault.INTEGER_RANGE),
    (b'"\\ud800"', JsonFault.LONE_SURROGATE),
    (b'{"\\udc00":1}', JsonFault.LONE_SURROGATE),
    (b'"\xed\xa0\x80"', JsonFault.NOT_UTF8),
    (b'"\xff"', JsonFault.NOT_UTF8),
    (b'"\\u0000"', JsonFault.NUL),
    (b'{"a\\u0000":1}', JsonFault.NUL),
    (b'{"a":[{"b":"\\\\ \\u0000"}]}', JsonFault.NUL),
    (b'[{"a":{"\\ud800b":1}}]', JsonFault.LONE_SURROGATE),
    (b'"\0"', JsonFault.SYNTAX),
    (b"\xef\xbb\xbf{}", JsonFault.BOM),
    ("{}".encode("utf-16"), JsonFault.NOT_UTF8),
    (b"{} {}", JsonFault.TRAILING_DATA),
    (b"1 x", JsonFault.TRAILING_DATA),
    (b"{}\0", JsonFault.TRAILING_DATA),
    (b"", JsonFault.SYNTAX),
    (b"[1,]", JsonFault.SYNTAX),
    (b"'a'", JsonFault.SYNTAX),
    (b'"\n"', JsonFault.SYNTAX),
    (b"01", JsonFault.TRAILING_DATA),
    (b"[" * 17 + b"]" * 17, JsonFault.TOO_DEEP),
    (b"[" * 500_000, JsonFault.TOO_DEEP),
    (b'{"a":' * 100_000, JsonFault.TOO_DEEP),
    (b'"' + b"x" * 8193 + b'"', JsonFault.STRING_TOO_LONG),
    ('"' + "中" * 2731 + '"', JsonFault.STRING_TOO_LONG),
    ('{"a":[{"b":"' + "中" * 2731 + '"}]}', JsonFault.STRING_TOO_LONG),
    ('[{"' + "中" * 2731 + '":1}]', JsonFault.STRING_TOO_LONG),
    (b'{"' + b"k" * 8193 + b'":1}', JsonFault.STRING_TOO_LONG),
    (b" " * (4 * 1024 * 1024 + 1), JsonFault.TOO_LARGE),
]


@pytest.mark.parametrize(("data", "fault"), REFUSED, ids=range(len(REFUSED)))
def test_each_ambiguous_text_is_refused_by_name(data: bytes | str, fault: JsonFault) -> None:
    with pytest.raises(JsonRefused) as caught:
        loads(data.encode() if isinstance(data, str) else data)
    assert caught.value.params == {"reason": fault.value}


def test_the_limits_themselves_are_allowed() -> None:
    assert loads(b"[" * 16 + b"]" * 16) is not None
    assert loads(b"9007199254740992") == MAX_INTEGER
    assert loads(b'"' + b"x" * 8192 + b'"') == "x" * 8192
    assert loads(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_floats_can_be_switched_off_and_objects_demanded() -> None:
    with pytest.raises(JsonRefused):
        loads(b"1.0", Limits(allow_floats=False))
    with pytest.raises(JsonRefused):
        loads_object(b"[]")
    assert loads_object(b'{"a":[]}') == {"a": []}


def test_canonical_form_is_rfc_8785() -> None:
    # The key order example of RFC 8785 3.2.3: UTF-16 code units, so an emoji sorts before U+FB33.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    order = list(json.loads(dumps(dict.fromkeys(keys, 0))))
    assert order == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    text = dumps({"b": [True, None, 'é\n\x1f"\\/'], "a": -0})
    assert text == b'{"a":0,"b":[true,null,"\xc3\xa9\\n\\u001f\\"\\\\/"]}'


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"a": b"x"}, {"a": {1, 2}}, "\ud800", "\0", 2**53 + 1])
def test_canonical_form_refuses_what_has_no_one_writing(value: object) -> None:
    with pytest.raises(JsonRefused):
        dumps(value)
