"""Signed codes: what we issue is believed, anything else is refused for the right reason (CODES.md 1, Q-1 to Q-6)."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.cli import main
from guidedesk.codes import trust as rules
from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType, Reason
from guidedesk.codes.signed_record import tail_bytes
from guidedesk.codes.signer import sign_code
from guidedesk.codes.trust import EPOCH_S, IssuerKey, TrustedKeys, Verifier, is_small_order
from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.errors import GuideDeskError

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
KEY = 7
HANDLE = bytes(range(8))
NOW = 1_795_000_000
SIGNED_TYPES = [CodeType.MEMBER, CodeType.MEMBER_DYNAMIC, CodeType.COUPON, CodeType.STAFF_BADGE]


def public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def issued(kind=CodeType.MEMBER, *, end=NOW + 30, generation=3, handle=HANDLE, seed=SEED, serial=9):
    tail = serial.to_bytes(4, "big") if kind is CodeType.MEMBER_DYNAMIC else bytes(tail_bytes(kind))
    return sign_code(
        seed, key_id=KEY, kind=kind, handle=handle, generation=generation, expires=end - EPOCH_S, tail=tail
    )


def verifier(*, types=frozenset(CodeType), first=0, last=1 << 40, revoked=(), before=None, now=NOW, **more):
    key = IssuerKey(KEY, public(SEED), types, first, last)
    return Verifier(TrustedKeys({KEY: key}, frozenset(revoked), before or {}), now, **more)


def judged(text, trust):
    found = decode(text, trust=trust)
    return None if isinstance(found, CodeOk) else found.reason


@given(st.sampled_from(SIGNED_TYPES), st.binary(min_size=8, max_size=8), st.integers(0, 65535))
def test_what_is_issued_is_read_back(kind, handle, generation):
    text = issued(kind, handle=handle, generation=generation)
    found = decode(f"HTTPS://GD.EXAMPLE/Q/{text}", trust=verifier())
    assert isinstance(found, CodeOk)
    assert (found.form, found.type, found.digits) == ("signed", kind, text)
    assert found.record is not None
    assert (found.record.handle, found.record.generation) == (handle, generation)


@given(st.sampled_from(SIGNED_TYPES), st.data())
def test_one_changed_digit_is_never_believed(kind, data):
    text = issued(kind)
    place = data.draw(st.integers(0, len(text) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    assert judged(text[:place] + digit + text[place + 1 :], verifier()) is not None


@given(st.sampled_from(SIGNED_TYPES), st.data())
def test_swapped_cut_and_doubled_digits_are_never_believed(kind, data):
    text = issued(kind)
    place = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if swapped != text:
        assert judged(swapped, verifier()) is not None
    assert judged(text[: place + 1], verifier()) is not None
    assert judged(text[:place] + text[place] + text[place:], verifier()) is not None
    assert judged(text + text, verifier()) in (Reason.TOO_LONG, Reason.BAD_LENGTH)


@pytest.mark.parametrize(
    ("trust", "reason"),
    [
        (verifier(), None),
        (Verifier(TrustedKeys({}), NOW), Reason.UNKNOWN_KEY),
        (verifier(types=frozenset({CodeType.COUPON})), Reason.KEY_NOT_ALLOWED),
        (verifier(first=NOW + 1), Reason.KEY_NOT_ALLOWED),
        (verifier(last=NOW - 1), Reason.KEY_NOT_ALLOWED),
        (verifier(now=NOW + 31), Reason.EXPIRED),
        (verifier(now=NOW + 30), None),
        (verifier(revoked=[(KEY, HANDLE)]), Reason.REVOKED),
        (verifier(revoked=[(KEY + 1, HANDLE)]), None),
        (verifier(generations={HANDLE: 4}), Reason.REVOKED),
        (verifier(generations={HANDLE: 3}), None),
        (verifier(before={KEY: NOW}), Reason.REVOKED),
        # what ends so late cannot have been issued before the emergency
        (verifier(before={KEY: NOW - 4 * 366 * 86_400}), None),
    ],
)
def test_each_step_refuses_with_its_own_reason(trust, reason):
    assert judged(issued(), trust) == reason


def test_the_first_failing_step_names_the_reason():
    everything = verifier(
        types=frozenset(), revoked=[(KEY, HANDLE)], now=NOW + 99, generations={HANDLE: 9}, used=[(HANDLE, 9)]
    )
    assert judged(issued(), everything) is Reason.KEY_NOT_ALLOWED
    forged = issued(seed=OTHER)
    assert judged(forged, verifier(now=NOW + 99, revoked=[(KEY, HANDLE)])) is Reason.BAD_SIGNATURE
    assert judged(issued(), verifier(now=NOW + 99, revoked=[(KEY, HANDLE)])) is Reason.EXPIRED


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW + 30 - 90, None),
        (NOW + 30 - 91, Reason.NOT_YET_VALID),
        (NOW + 30 + 30, None),
        (NOW + 30 + 31, Reason.EXPIRED),
    ],
)
def test_a_dynamic_code_holds_from_30_s_before_its_minute_to_30_s_after(now, reason):
    assert judged(issued(CodeType.MEMBER_DYNAMIC), verifier(now=now)) == reason


def test_a_dynamic_code_is_taken_once():
    text = issued(CodeType.MEMBER_DYNAMIC, serial=9)
    assert judged(text, verifier(used=[(HANDLE, 9)])) is Reason.REPLAYED
    assert judged(text, verifier(used=[(HANDLE, 8)])) is None
    assert judged(text, verifier(used=[(bytes(8), 9)])) is None


def test_without_a_trusted_clock_a_dynamic_code_is_not_judged_by_the_minute():
    assert judged(issued(CodeType.MEMBER_DYNAMIC), verifier(now=NOW - 9_999, is_clock_trusted=False)) is None


@pytest.mark.parametrize("kind", [CodeType.MEMBER, CodeType.COUPON, CodeType.STAFF_BADGE])
def test_a_clock_that_is_not_trusted_lets_no_code_live_longer(kind):
    assert judged(issued(kind), verifier(now=NOW + 31, is_clock_trusted=False)) is Reason.EXPIRED
    assert judged(issued(kind), verifier(now=NOW, is_clock_trusted=False)) is None


def test_points_of_small_order_are_no_keys():
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime

    def doubled(point):
        x, y = point
        cross = d * x * x * y * y % prime
        return (
            2 * x * y * pow(1 + cross, -1, prime) % prime,
            (y * y + x * x) * pow(1 - cross, -1, prime) % prime,
        )

    for raw in rules._SMALL_ORDER:
        y = int.from_bytes(raw, "little") % prime
        square = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
        x = pow(square, (prime + 3) // 8, prime)
        if (x * x - square) % prime:
            x = x * pow(2, (prime - 1) // 4, prime) % prime
        assert (x * x - square) % prime == 0
        assert doubled(doubled(doubled((x, y)))) == (0, 1)
        assert is_small_order(raw[:31] + bytes([raw[31] | 0x80]))
    assert not is_small_order(public(SEED))


def test_a_signature_is_for_codes_only():
    """The same key signing the same bytes for another purpose is not a code."""
    text = issued()
    raw = int(text).to_bytes(81, "big")
    record = raw[:-64]
    foreign = Ed25519PrivateKey.from_private_bytes(SEED).sign(record)
    digits = str(int.from_bytes(record + foreign, "big")).zfill(len(text))
    assert decode(digits, trust=verifier()) == CodeRefused(Reason.BAD_SIGNATURE)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("key_hex", {"seed": b"short"}),
        ("key_id", {"key_id": 65536}),
        ("handle", {"handle": bytes(7)}),
        ("generation", {"generation": -1}),
        ("expires", {"expires": 1 << 32}),
        ("tail", {"tail": b"x"}),
    ],
)
def test_what_does_not_fit_the_record_is_not_signed(field, changed):
    values = {"seed": SEED, "key_id": KEY, "handle": HANDLE, "generation": 0, "expires": 1, "tail": b""} | changed
    with pytest.raises(GuideDeskError) as caught:
        sign_code(values.pop("seed"), kind=CodeType.MEMBER, **values)
    assert caught.value.params["field"] == field


def test_an_associate_code_is_never_signed():
    with pytest.raises(GuideDeskError, match="no_signed_form"):
        sign_code(SEED, key_id=1, kind=CodeType.ASSOCIATE, handle=HANDLE, generation=0, expires=1)


# --- files and commands ---------------------------------------------------------------------------


def trust_text(**more) -> str:
    key = {
        "key_id": KEY, "public_key_hex": public(SEED).hex(), "types": [kind.value for kind in SIGNED_TYPES],
        "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-12-31T00:00:00Z",
    } | more  # fmt: skip
    return json.dumps({"keys": [key], "revoked": [{"key_id": KEY, "handle_hex": "ffffffffffffffff"}]})


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("nonsense", "JSON"),
        ("[]", "JSON"),
        ('{"keys": 5}', "keys"),
        (trust_text(key_id="7"), "keys[0]"),
        (trust_text(public_key_hex="00" * 32), "keys[0]"),
        (trust_text(types=["king"]), "keys[0]"),
        (trust_text(not_before="soon"), "keys[0]"),
        ('{"keys": [], "revoked": [{"key_id": 1}]}', "revoked[0]"),
        ('{"keys": [], "revoked": [7]}', "revoked[0]"),
    ],
)
def test_a_trust_list_that_is_wrong_names_the_place(text, where):
    with pytest.raises(GuideDeskError) as caught:
        read_trust(text)
    assert caught.value.params["where"] == where


@given(st.text(max_size=80) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps))
def test_no_trust_file_breaks_the_reader(text):
    # any other error would fail the test
    with suppress(GuideDeskError):
        assert isinstance(read_trust(text), TrustedKeys)


def test_sign_and_inspect_on_the_command_line(tmp_path, capsys):
    file = tmp_path / "trust.json"
    file.write_text(trust_text())
    sign = (
        f"code sign --key-hex {SEED.hex()} --key-id {KEY} --type coupon --handle {HANDLE.hex()} --generation 2 "
        "--expires 2026-12-31T00:00:00Z --tail 0000000101000f00 --host GD.EXAMPLE"
    )
    assert main(sign.split()) == 0
    text = capsys.readouterr().out.strip()
    assert main(["code", "inspect", text, "--trust", str(file), "--now", "2026-12-01", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)[0]
    assert (shown["ok"], shown["form"], shown["type"]) == (True, "signed", "coupon")
    assert shown["fields"] == {
        "key_id": KEY, "handle_hex": HANDLE.hex(), "generation": 2, "expires": 220_838_400, "tail": "0000000101000f00",
    }  # fmt: skip
    assert main(["code", "inspect", text, "--trust", str(file), "--now", "2027-01-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["reason"] == "expired"


@pytest.mark.parametrize(
    "wrong",
    [
        ["code", "sign", "--key-hex", "xx", "--key-id", "1", "--type", "member", "--handle", "00" * 8],
        ["code", "inspect", "1", "--trust", "FILE"],
        ["code", "render", "hello", "--out", "x.png"],
        ["code", "render", "1012345678901234567837", "--out", "x.gif"],
        ["code", "render", "1012345678901234567837", "--out", "x.png", "--mm", "5"],
    ],
)
def test_wrong_use_is_one_sentence(wrong, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("{")
    assert main(wrong) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["FILE"]
