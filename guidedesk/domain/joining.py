"""Joining on a customer's own phone: what is asked, for how long, and when a page load counts (CODES.md Q-2, Q-9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import clean_birthday, clean_name, clean_phone, typed_birthday

Channel = Literal["badge", "poster", "chat", "receipt"]
# What stands behind `?c=` in the address says where the code was seen; a badge has nothing there.
CHANNELS: Final[dict[str, Channel]] = {"": "badge", "b": "badge", "p": "poster", "c": "chat", "r": "receipt"}
# The answers the page asks for, each in a box of its own; joining needs the first alone (SECURITY.md P-1).
PURPOSES: Final = ("service", "wechat", "sms", "personalised")
CONSENT_VERSION: Final = "join-2026-11"
_MINUTE_MS: Final = 60_000
VERIFY_WITHIN_MS: Final = 30 * _MINUTE_MS  # the page load counts if the phone is proved within this
CODE_LIFE_MS: Final = 10 * _MINUTE_MS
RESEND_MS: Final = _MINUTE_MS
MOST_TRIES: Final = 5
MOST_SENT: Final = 8  # to one number within `SENT_WITHIN_MS`
SENT_WITHIN_MS: Final = 24 * 60 * _MINUTE_MS
CODE_DIGITS: Final = 6
# Joining proves the phone with a one-time code, and the server saw the scan itself (CODES.md Q-7).
ASSURANCE_VERIFIED: Final = 3
ASSURANCE_PAGE: Final = 1


@dataclass(frozen=True, slots=True)
class Answers:
    """What a customer filled in, cleaned. `name` and `birthday` are None where she left them out."""

    phone: str
    name: str | None
    birthday: str | None
    given: frozenset[str]


def read_answers(phone: str, name: str, birthday: str, ticked: Collection[str]) -> Answers:
    """The form as typed; the first fault is a `Refused` (`phone_invalid`, `name_too_long`, `birthday_invalid`,
    `terms_needed`). A name of nothing but invisible characters is none."""
    found = clean_phone(phone)
    try:
        called = clean_name(name)
    except Refused as error:
        if error.code != "name_empty":
            raise
        called = None
    born = clean_birthday(typed_birthday(birthday)) if birthday.strip() else None
    if "service" not in ticked:
        raise Refused("terms_needed")
    return Answers(found, called, born, frozenset(ticked).intersection(PURPOSES))


def is_load_counted(seen_at_ms: int, verified_at_ms: int) -> bool:
    """Whether the page load that carried the code is still the scan it was (Q-9)."""
    return 0 <= verified_at_ms - seen_at_ms <= VERIFY_WITHIN_MS


@dataclass(frozen=True, slots=True)
class SentCode:
    """A one-time code on its way: when it was sent, and how often somebody guessed since."""

    sent_at_ms: int
    failures: int
    sent_count: int
    counted_from_ms: int


def seconds_to_resend(sent: SentCode | None, now_ms: int) -> int:
    """0 when another code may go to this number now. `too_many_codes` once a number had its fill for a day."""
    if sent is None:
        return 0
    if sent.sent_count >= MOST_SENT and now_ms - sent.counted_from_ms < SENT_WITHIN_MS:
        raise Refused("too_many_codes")
    wait_ms = sent.sent_at_ms + RESEND_MS - now_ms
    return max(0, -(-wait_ms // 1000))


def next_sent(sent: SentCode | None, now_ms: int) -> SentCode:
    """The record of one more code sent now; guesses begin anew with it."""
    if sent is None or now_ms - sent.counted_from_ms >= SENT_WITHIN_MS:
        return SentCode(now_ms, 0, 1, now_ms)
    return SentCode(now_ms, 0, sent.sent_count + 1, sent.counted_from_ms)


def check_alive(sent: SentCode | None, now_ms: int) -> None:
    """Whether a guess may be looked at: `code_missing`, `code_late`, `code_locked`."""
    if sent is None:
        raise Refused("code_missing")
    if sent.failures >= MOST_TRIES:
        raise Refused("code_locked")
    if now_ms - sent.sent_at_ms > CODE_LIFE_MS:
        raise Refused("code_late")
