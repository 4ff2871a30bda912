"""Work people could lose: what could destroy it is refused with the count, and a sealed file is offered instead."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Random
from guidedesk.services.export_file import write_export
from guidedesk.services.keys import DerivedKeys
from guidedesk.sync.identity import Identity
from guidedesk.sync.journal import Journal
from guidedesk.sync.local_store import LocalStore
from guidedesk.sync.unsent_file import UnsentWork, pack_unsent

# What is asked before: the words of `guidedesk counter check-unsent --before`.
Step = Literal["sign_out", "update", "uninstall", "reset"]
STEPS: Final[tuple[Step, ...]] = ("sign_out", "update", "uninstall", "reset")
_EXPORTED: Final = "unsent_export"


@dataclass(frozen=True, slots=True)
class UnsentExport:
    """A file that was written: how many operations in it head office has not answered."""

    name: str
    unsent: int


def check_unsent(journal: Journal, step: Step) -> None:
    """`unsent_work` (`n`, `what`) while something is nowhere but here."""
    count = journal.count_unsent()
    if count:
        raise Refused("unsent_work", n=count, what=step)


def export_unsent(
    journal: Journal, local: LocalStore, identity: Identity, keys: DerivedKeys, random: Random, now_ms: int, path: Path
) -> UnsentExport:
    """Write what waits to a new file that only the server opens. The counter keeps it and goes on sending it: brought
    to head office both ways, each operation takes effect once.

    Raises `nothing_unsent`, and what `write_export` raises.
    """
    journal.requeue_parked_here()
    waiting = journal.travelling()
    if not waiting.unsent:
        raise Refused("nothing_unsent")
    work = UnsentWork(
        device_id=identity.device_id,
        made_at_ms=now_ms,
        epoch=waiting.epoch,
        unsent=waiting.unsent,
        ops=[operation.wire for operation in waiting.operations],
    )
    data = pack_unsent(work, keys.signing_seed, bytes.fromhex(identity.seal_key_hex), random)
    write_export(path, data, _nothing_to_record)
    local.set_meta(_EXPORTED, {"sha256": _digest(data), "last_n": waiting.last_n})
    return UnsentExport(path.name, waiting.unsent)


def check_exported(journal: Journal, local: LocalStore, exported: Path | None) -> None:
    """That nothing is lost with this PC's files: `unsent_work` where no file holds all that waits, `unsent_file_other`
    for a file that is not the last one written here."""
    count = journal.count_unsent()
    if not count:
        return
    if exported is None:
        raise Refused("unsent_work", n=count, what="reset")
    kept: dict[str, Any] = local.get_meta(_EXPORTED) or {}
    try:
        digest = _digest(exported.read_bytes())
    except OSError:
        digest = ""
    if digest != kept.get("sha256"):
        raise Refused("unsent_file_other", name=exported.name)
    later = journal.count_unsent(after_n=kept["last_n"])
    if later:
        raise Refused("unsent_work", n=later, what="reset")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _nothing_to_record() -> None:
    """Nobody reads this file but head office, to whom it goes."""
