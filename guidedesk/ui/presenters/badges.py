"""Whose badge was scanned: it picks who signs in, and never signs anybody in (SECURITY.md D-10)."""

from __future__ import annotations

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType
from guidedesk.services.queries.reference import find_associate_by_code, get_staff
from guidedesk.services.read_models import StaffInfo
from guidedesk.ui.desk import CounterPort


def read_badge(counter: CounterPort, text: str) -> StaffInfo | None:
    """The person an associate's code or a signed staff badge belongs to; None for everything else."""
    found = decode(text)
    if isinstance(found, CodeRefused) and found.record is not None:
        found = decode(text, trust=counter.codes.trust())
    if not isinstance(found, CodeOk) or found.type not in (CodeType.ASSOCIATE, CodeType.STAFF_BADGE):
        return None
    key = found.digits if found.record is None else found.record.handle.hex()
    with counter.read() as connection:
        staff_id = find_associate_by_code(connection, key, counter.now_ms())
        return None if staff_id is None else get_staff(connection, staff_id)
