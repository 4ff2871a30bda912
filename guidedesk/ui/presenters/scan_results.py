"""What a scan that opened no card was (mockup 07): one frozen value for every unusual outcome. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.codes.forms import CodeType, Reason, SignedRecord
from guidedesk.codes.trust import DYNAMIC_LIFE_S, EPOCH_S
from guidedesk.services.read_models import NOBODY, Bilingual

ResultKind = Literal[
    "unknown_offline", "unknown", "revoked", "refused", "garbled", "other_kind", "sign_in_first", "failed", "clock",
    "other_brand", "coupon_used",
]  # fmt: skip
# What a poor read looks like: the same code, held better, is likely to be right.
POOR_READS: Final = frozenset({Reason.BAD_CHECK_DIGITS, Reason.BAD_LENGTH, Reason.EMPTY, Reason.TWO_CODES})
# Steps of Q-1 after the signature: what the record says of itself was signed.
AFTER_SIGNATURE: Final = frozenset({Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.REVOKED, Reason.REPLAYED})


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A scan that opened no card. `reason` is why the text was refused, `code_type` what it was instead;
    `tail` the last four digits of a code of ours, never more of it; times in UTC ms. `member_id` is whoever was
    recorded nevertheless; `tries` how often in a row nothing could be read; `facts` more (key of a label, value)."""

    kind: ResultKind
    at_ms: int
    reason: Reason | None = None
    code_type: CodeType | None = None
    tail: str = ""
    last_contact_ms: int | None = None
    brand: Bilingual = NOBODY
    member_id: str = ""
    made_ms: int | None = None
    ends_ms: int | None = None
    tries: int = 0
    host: str = ""
    clock_off_min: int = 0  # how far this PC's clock is from head office's time, as far as that is known
    facts: tuple[tuple[str, str], ...] = ()


def times_of(record: SignedRecord | None) -> tuple[int | None, int | None]:
    """(made, ends) of a signed code in UTC ms; only a dynamic one says when it was made."""
    if record is None:
        return None, None
    ends_ms = (record.expires + EPOCH_S) * 1000
    made_ms = ends_ms - DYNAMIC_LIFE_S * 1000 if record.type is CodeType.MEMBER_DYNAMIC else None
    return made_ms, ends_ms


def digits_at_end(text: str) -> str:
    """The digits a scanned text ends with: those of a label, whatever the scanner puts before them."""
    return text[len(text.rstrip("0123456789")) :]


def host_of(text: str) -> str:
    """The host a scanned URL names, to be shown as untrusted text; empty where there is none."""
    head, mark, rest = text.strip().partition("://")
    if not mark or head.lower() not in ("http", "https"):
        return ""
    return rest.partition("/")[0].partition(":")[0][:64].lower()
