"""The answer of `guidedesk code inspect` for one text."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from guidedesk.codes.inspect import inspect_payload
from tests.codes.test_decoder import MEMBER, SIGNED, _List

KEYS = {"text", "ok", "form", "type", "reason", "fields"}


def test_a_good_short_code():
    assert inspect_payload("HTTPS://GD.EXAMPLE/Q/" + MEMBER) == {
        "text": "HTTPS://GD.EXAMPLE/Q/" + MEMBER,
        "ok": True,
        "form": "short",
        "type": "member",
        "reason": None,
        "fields": {"digits": MEMBER},
    }


def test_a_refused_text():
    assert inspect_payload("hello") == {
        "text": "hello",
        "ok": False,
        "form": None,
        "type": None,
        "reason": "not_a_code",
        "fields": None,
    }


def test_a_believed_signed_code_shows_its_record():
    shown = inspect_payload(SIGNED, trust=_List(None))
    assert (shown["ok"], shown["form"]) == (True, "signed")
    assert shown["fields"] == {
        "key_id": 0x0102,
        "handle_hex": "030405060708090a",
        "generation": 0x0B0C,
        "expires": 0x0D0E0F10,
        "tail": "",
    }


def test_bytes_that_are_no_text_come_back_as_base64():
    shown = inspect_payload(b"\xff\xfe1")
    assert shown["text"] is None
    assert base64.b64decode(str(shown["base64"])) == b"\xff\xfe1"


@given(st.one_of(st.binary(max_size=600), st.text(max_size=600)))
def test_every_answer_is_json_with_the_promised_keys(payload):
    shown = inspect_payload(payload)
    json.dumps(shown, ensure_ascii=False).encode("utf-8")
    assert KEYS <= shown.keys() <= KEYS | {"base64"}
