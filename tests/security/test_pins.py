"""Guessable PINs are refused with the reason, and a kept PIN can be checked but not read (D-7)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import StorageError
from guidedesk.domain.pins import COMMON_PINS, PinProblem, pin_problems
from guidedesk.services.pin_verifier import (
    STANDARD_COST,
    PinCost,
    PinVerifier,
    check_pin,
    dummy_check,
    make_verifier,
)

CHEAP = PinCost(memory_kib=64, iterations=1)
PEPPER = bytes(32)
PINS = st.text("0123456789", min_size=6, max_size=6)


class Salts:
    """Each call gives other bytes."""

    def __init__(self) -> None:
        self.given = 0

    def bytes(self, count: int) -> bytes:
        self.given += 1
        return bytes([self.given]) * count


@pytest.mark.parametrize("pin", ["739506", "904871", "603948", "482970", "995732"])
def test_an_ordinary_pin_is_taken(pin: str) -> None:
    assert pin_problems(pin) == ()


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        ("", PinProblem.NOT_SIX_DIGITS),
        ("1234", PinProblem.NOT_SIX_DIGITS),
        ("7395060", PinProblem.NOT_SIX_DIGITS),
        ("73950a", PinProblem.NOT_SIX_DIGITS),
        ("73 506", PinProblem.NOT_SIX_DIGITS),
        ("７３９５０６", PinProblem.NOT_SIX_DIGITS),
        ("٧٣٩٥٠٦", PinProblem.NOT_SIX_DIGITS),
        ("-73950", PinProblem.NOT_SIX_DIGITS),
        ("444444", PinProblem.REPEAT),
        ("989898", PinProblem.REPEAT),
        ("709709", PinProblem.REPEAT),
        ("345678", PinProblem.RUN),
        ("876543", PinProblem.RUN),
        ("789012", PinProblem.RUN),
        ("210987", PinProblem.RUN),
        ("311299", PinProblem.BIRTH_DATE),
        ("123188", PinProblem.BIRTH_DATE),
        ("880229", PinProblem.BIRTH_DATE),
        ("290288", PinProblem.BIRTH_DATE),
        ("010100", PinProblem.BIRTH_DATE),
        ("159753", PinProblem.COMMON),
        ("520520", PinProblem.COMMON),
        ("789456", PinProblem.COMMON),
    ],
)
def test_a_guessable_pin_is_refused_by_its_reason(pin: str, problem: PinProblem) -> None:
    assert problem in pin_problems(pin)


@pytest.mark.parametrize("pin", ["310499", "043199", "990431", "300299", "003088", "133288"])
def test_a_day_that_does_not_exist_is_no_birth_date(pin: str) -> None:
    assert PinProblem.BIRTH_DATE not in pin_problems(pin)


def test_the_common_list_has_a_hundred_pins_of_six_digits() -> None:
    assert len(COMMON_PINS) == 100
    assert all(PinProblem.NOT_SIX_DIGITS not in pin_problems(pin) for pin in COMMON_PINS)


def test_most_pins_stay_free() -> None:
    taken = sum(1 for number in range(0, 1_000_000, 7) if pin_problems(f"{number:06d}"))
    assert taken < 0.12 * 1_000_000 / 7


@given(PINS, PINS)
def test_only_the_right_pin_passes(pin: str, other: str) -> None:
    verifier = make_verifier(pin, "staff-1", PEPPER, Salts(), CHEAP)
    assert check_pin(other, "staff-1", PEPPER, verifier) == (other == pin)


def test_pepper_person_and_salt_are_part_of_it() -> None:
    salts = Salts()
    first = make_verifier("739506", "staff-1", PEPPER, salts, CHEAP)
    assert first.digest != make_verifier("739506", "staff-1", PEPPER, salts, CHEAP).digest
    assert not check_pin("739506", "staff-2", PEPPER, first)
    assert not check_pin("739506", "staff-1", bytes([1]) * 32, first)
    assert len(first.salt) == 16


def test_a_verifier_survives_the_database_and_a_change_of_cost() -> None:
    kept = make_verifier("739506", "staff-1", PEPPER, Salts(), CHEAP).to_text()
    assert "739506" not in kept
    read = PinVerifier.from_text(kept)
    assert read.cost == CHEAP
    assert check_pin("739506", "staff-1", PEPPER, read)
    assert repr(read).count("b'") == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text.replace("pin1", "pin2"),
        lambda text: text.replace("$64$", "$99999999$"),
        lambda text: text.replace("$64$", "$1$"),
        lambda text: text.replace("$64$1$1$", "$64$0$1$"),
        lambda text: text[:-8],
        lambda text: text + "$",
        lambda text: text.replace("$64$", "$６４$"),
    ],
)
def test_a_damaged_verifier_is_named_before_it_costs_anything(spoil: object) -> None:
    text = make_verifier("739506", "staff-1", PEPPER, Salts(), CHEAP).to_text()
    with pytest.raises(StorageError, match="pin_verifier_damaged"):
        PinVerifier.from_text(spoil(text))  # type: ignore[operator]


def test_an_unknown_person_costs_the_same_work_and_never_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    from guidedesk.services import pin_verifier

    costs: list[dict[str, object]] = []

    def counted(**how: object) -> object:
        costs.append({name: how[name] for name in ("length", "iterations", "lanes", "memory_cost")})
        return Argon2id(**how)  # type: ignore[arg-type]

    monkeypatch.setattr(pin_verifier, "Argon2id", counted)
    known = PinVerifier(CHEAP, bytes(16), bytes(32))
    assert not check_pin("739506", "staff-1", PEPPER, known)
    assert not dummy_check("739506", "nobody", PEPPER, CHEAP)
    assert costs[0] == costs[1]


def test_the_standard_cost_is_the_one_of_the_rule() -> None:
    assert (STANDARD_COST.memory_kib, STANDARD_COST.iterations, STANDARD_COST.lanes) == (65_536, 3, 1)
    assert check_pin("739506", "s", PEPPER, make_verifier("739506", "s", PEPPER, Salts()))
