"""How a counter gets into the chain: its code, its fingerprint, and the limits on guessing (SECURITY.md D-1).

The manager types the code from the counter's screen (nothing to click, so nothing to phish with) and compares
the fingerprint, which only the real counter's key gives.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Random

# RFC 8628 6.1: no vowels, so no words; nothing that looks like another letter. 20^8 = 34.6 bits.
ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LENGTH: Final = 8
VALID_MS: Final = 10 * 60_000
POLL_MS: Final = 5_000
WRONG_LIMIT: Final = 5
WRONG_PERIOD_MS: Final = 10 * 60_000

_GROUP: Final = 4
_FINGERPRINT_DIGITS: Final = 24
# The largest multiple of 20 a byte can count to; bytes above it are drawn again, so no letter is likelier.
_FAIR_BYTES: Final = 240


def new_code(random: Random) -> str:
    """Eight letters from the random source, without a dash."""
    letters: list[str] = []
    while len(letters) < CODE_LENGTH:
        drawn = random.bytes(CODE_LENGTH)
        letters.extend(ALPHABET[byte % len(ALPHABET)] for byte in drawn if byte < _FAIR_BYTES)
    return "".join(letters[:CODE_LENGTH])


def show_code(code: str) -> str:
    """As it stands on the screen: `BCDF-GHJK`."""
    return f"{code[:_GROUP]}-{code[_GROUP:]}"


def read_code(typed: str) -> str:
    """What a person typed, as the code: any case or width, dashes and spaces dropped; `enrol_code_form`."""
    wide = unicodedata.normalize("NFKC", typed[:64]).upper()
    code = "".join(letter for letter in wide if letter not in " -_.\t\u2010\u2013\u2014")
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        raise Refused("enrol_code_form")
    return code


def fingerprint(public_key: bytes) -> str:
    """Six groups of four digits (79 bits) for a raw public key; digits read alike in every language."""
    digest = hashlib.sha256(b"guidedesk/device-fingerprint/v1\0" + public_key).digest()
    digits = f"{int.from_bytes(digest, 'big') % 10**_FINGERPRINT_DIGITS:0{_FINGERPRINT_DIGITS}d}"
    return " ".join(digits[at : at + _GROUP] for at in range(0, _FINGERPRINT_DIGITS, _GROUP))


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """A counter that asks to be let in. `host_name` is what the PC says of itself: shown, never trusted."""

    code: str
    public_key: bytes
    host_name: str
    created_at_ms: int

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)

    def is_live(self, now_ms: int) -> bool:
        """Ten minutes from its making, by the server's clock; never before."""
        return 0 <= now_ms - self.created_at_ms < VALID_MS


class PollAnswer(StrEnum):
    """RFC 8628 3.5, as far as the pace goes."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"


@dataclass(frozen=True, slots=True)
class PollPace:
    """How often a waiting counter may ask; the server keeps it with the request."""

    interval_ms: int = POLL_MS
    last_at_ms: int | None = None


def poll(pace: PollPace, now_ms: int) -> tuple[PollPace, PollAnswer]:
    """The pace after a question: asking too soon adds five seconds for good."""
    if pace.last_at_ms is None or now_ms - pace.last_at_ms >= pace.interval_ms:
        return PollPace(pace.interval_ms, now_ms), PollAnswer.PENDING
    return PollPace(pace.interval_ms + POLL_MS, now_ms), PollAnswer.SLOW_DOWN


@dataclass(frozen=True, slots=True)
class CodeGuard:
    """The wrong codes of one manager. Locked stays locked until someone else lifts it."""

    wrong_at_ms: tuple[int, ...] = ()
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """Whether a typed code may be compared at all, and whether to alert head office if it proves wrong."""

    guard: CodeGuard
    may_compare: bool
    alert: bool = False


def begin_guess(guard: CodeGuard, now_ms: int) -> Guess:
    """Counts a guess as wrong *before* it is compared; commit the guard first, as with PINs (D-9).

    The fifth within ten minutes is still compared, and locks: `right_guess` opens the lock if it was right.
    """
    if guard.is_locked:
        return Guess(guard, may_compare=False)
    recent = tuple(at for at in guard.wrong_at_ms if now_ms - at < WRONG_PERIOD_MS)
    wrong = (*recent, now_ms)
    locked = len(wrong) >= WRONG_LIMIT
    return Guess(CodeGuard(wrong, locked), may_compare=True, alert=locked)


def right_guess(guard: CodeGuard) -> CodeGuard:
    """The guard after the begun guess was right: it no longer counts."""
    return CodeGuard(guard.wrong_at_ms[:-1])


def lift_lock(guard: CodeGuard) -> CodeGuard:
    """Somebody with the right to do so looked into it."""
    return CodeGuard() if guard.is_locked else guard
