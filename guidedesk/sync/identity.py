"""Who this counter is: what enrolment gave it (SECURITY.md D-1), kept in the journal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from guidedesk.domain.errors import GuideDeskError
from guidedesk.sync.local_store import LocalStore

_META: Final = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Ids and keys of an enrolled counter. A store's id is also its scope's id; keys are hex, public but the first."""

    device_id: str
    store_id: str
    chain_id: str
    server_url: str
    label: str
    phone_key_hex: str  # keyed hash for exact look-up, one key per chain (SECURITY.md A-3)
    server_key_hex: str  # Ed25519: what the server signs
    seal_key_hex: str  # X25519: full phones registered offline are sealed to it


def save_identity(local: LocalStore, identity: Identity) -> None:
    """Keep what enrolment gave."""
    local.set_meta(_META, asdict(identity))


def find_identity(local: LocalStore) -> Identity | None:
    """The identity, or None before enrolment."""
    kept = local.get_meta(_META)
    return None if kept is None else Identity(**kept)


def get_identity(local: LocalStore) -> Identity:
    """The identity; `not_enrolled` before enrolment."""
    found = find_identity(local)
    if found is None:
        raise GuideDeskError("not_enrolled")
    return found
