"""What this counter believes signed codes by: the server's list, trusted time, codes it took (CODES.md Q-3, Q-6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from guidedesk.codes.forms import Reason, SignedRecord
from guidedesk.codes.trust import TrustedKeys, Verifier
from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.time import DAY_MS, TrustedTime
from guidedesk.models.people import trust_list
from guidedesk.sync import strict_json
from guidedesk.sync.server_signing import Purpose, server_verify

UNCONFIRMED_AFTER_MS: Final = 14 * DAY_MS
_REMEMBERED_MS: Final = 10 * 60_000  # a dynamic code is refused by its minute long before


@dataclass(frozen=True, slots=True)
class CodeTrust:
    """A verifier at one moment. `is_confirmed` False: the list is over 14 days old, so signed scans prove less.

    `assurance` is what a dynamic code scanned now proves: 2, or 1 where the clock or the list is not to be trusted.
    """

    verifier: Verifier
    is_confirmed: bool

    @property
    def is_clock_trusted(self) -> bool:
        """Whether the minute of a dynamic code could be judged."""
        return self.verifier.is_clock_trusted

    @property
    def assurance(self) -> int:
        """CODES.md Q-7."""
        return self.verifier.assurance if self.is_confirmed else 1

    def first_fault(self, record: SignedRecord) -> Reason | None:
        """As the verifier says."""
        return self.verifier.first_fault(record)


def code_trust(
    conn: Connection, server_key_hex: str, now: TrustedTime, used: frozenset[tuple[bytes, int]]
) -> CodeTrust | None:
    """From the newest list here that the server signed; None where there is none: then no signed code is believed."""
    t = trust_list.c
    rows = conn.execute(
        select(t.counter, t.document, t.signature, t.issued_at_ms)
        .where(t.deleted_at_ms.is_(None))
        .order_by(t.counter.desc())
    )
    for row in rows:
        keys = _verified(server_key_hex, row.document, row.signature)
        if keys is not None:
            is_confirmed = now.at_ms - row.issued_at_ms <= UNCONFIRMED_AFTER_MS
            is_trusted = now.confidence != "suspect"
            verifier = Verifier(keys, now.at_ms // 1000, used=used, is_clock_trusted=is_trusted)
            return CodeTrust(verifier, is_confirmed)
    return None


def used_since(now: TrustedTime) -> int:
    """From when on codes taken here are worth remembering for a scan now."""
    return now.at_ms - _REMEMBERED_MS


@lru_cache(maxsize=4)
def _verified(server_key_hex: str, document: str, signature: str) -> TrustedKeys | None:
    try:
        payload = strict_json.loads_object(document.encode())
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(server_key_hex))
        server_verify(Purpose.TRUST_LIST, payload, signature, key)
        return read_trust(document)
    except GuideDeskError:
        return None
