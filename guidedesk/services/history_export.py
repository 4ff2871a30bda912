"""Exporting what members bought: who may, what head office is told, and the file (DESIGN-UI.md 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from guidedesk.domain.access import Actor, Permission, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.spreadsheets import Sheet
from guidedesk.services.export_file import write_export
from guidedesk.services.operations import RecordExport
from guidedesk.services.spreadsheet_files import FORMS, sheet_bytes


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What a person answered: what for (a word of `EXPORT_PURPOSES`, with a note where it is `other`), as which
    kind of file, and where to. `export_id` is made once and stands in the file and in the record."""

    export_id: str
    member_ids: tuple[str, ...]
    purpose: str
    note: str
    form: str
    path: Path


def export_permission(members: int) -> Permission:
    """What it takes to export so many people's purchases: above one, a manager."""
    return "history.export" if members <= 1 else "history.export_many"


def export_history(
    request: ExportRequest,
    sheet: Sheet,
    actor: Actor,
    scope_id: str,
    record: Callable[[Sequence[RecordExport]], None],
) -> None:
    """Write the file, and record for every member in it that it was written, before its content is on the disk.

    Raises `Refused` (`forbidden`, `export_no_purpose`, `export_no_note`, and those of `write_export`), `StorageError`.
    """
    if not may(actor, export_permission(len(request.member_ids)), scope_id):
        raise Refused("forbidden")
    if not request.purpose or request.form not in FORMS or not request.member_ids:
        raise Refused("export_no_purpose")
    if request.purpose == "other" and not request.note.strip():
        raise Refused("export_no_note")
    operations = [
        RecordExport(
            export_id=request.export_id,
            member_id=member_id,
            purpose=request.purpose,
            form=request.form,
            lines=len(sheet.rows),
            note=request.note.strip(),
        )
        for member_id in request.member_ids
    ]
    write_export(request.path, sheet_bytes(sheet, request.form), lambda: record(operations))
