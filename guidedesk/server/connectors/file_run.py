"""What every import of a file has in common: reading its rows, its report, and the file of rejected rows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.import_headers import REASON_COLUMNS, ImportKind, Layout, find_layout
from guidedesk.domain.import_presets import PRESETS, Preset
from guidedesk.domain.import_rows import Chain, extra_cells, read_row
from guidedesk.domain.spreadsheets import cell_text
from guidedesk.server.connectors.row_spool import Rejected, RowSpool
from guidedesk.server.database import ServerDatabase
from guidedesk.server.settings import read_settings
from guidedesk.services.table_files import TableFile

Progress = Callable[[str, int, int], None]  # what is done, how many rows, of how many (0: nobody knows)
# Which reason a person reads in which language: given by whoever knows sentences (code, params) -> zh, en.
Tell = Callable[[str, Mapping[str, Any]], tuple[str, str]]
_SHOWN_CELL: Final = 500


@dataclass(slots=True)
class ImportReport:
    """What became of a file. Counts are rows; `rejected` and `listed` name rows by their number in the file."""

    read: int = 0
    landed: int = 0
    unchanged: int = 0
    unmatched: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)  # rows that landed and need a person's eye
    noticed: dict[str, int] = field(default_factory=dict)
    encoding: str = ""

    def notice(self, what: str, count: int = 1) -> None:
        """Something odd that was taken nevertheless."""
        self.noticed[what] = self.noticed.get(what, 0) + count


@dataclass(frozen=True, slots=True)
class FileRun:
    """One import: the chain it goes into, and how the file is laid out."""

    database: ServerDatabase
    chain: Chain
    kind: ImportKind
    preset: Preset | None
    is_dry: bool
    progress: Progress


def start_run(
    database: ServerDatabase, kind: ImportKind, *, now_ms: int, preset: str | None, is_dry: bool,
    progress: Progress | None = None,
) -> FileRun:  # fmt: skip
    """Look up what holds for every row. `import_preset_unknown` (name, known), `not_initialised`."""
    found = None
    if preset is not None:
        found = PRESETS.get(preset)
        if found is None or kind != "orders":
            raise Refused("import_preset_unknown", name=preset[:40], known=", ".join(PRESETS) or "-")
    with database.read() as conn:
        settings = read_settings(conn, database.chain_id())
    chain = Chain(settings["zone"], settings["currency"], now_ms)
    return FileRun(database, chain, kind, found, is_dry, progress or (lambda _step, _done, _total: None))


def each_row(
    run: FileRun, table: TableFile, spool: RowSpool, report: ImportReport,
    read: Callable[[Mapping[str, str], Layout, int, Sequence[str]], None],
    broken: Callable[[Layout, int, Sequence[str]], None] = lambda _layout, _number, _values: None,
) -> Layout:  # fmt: skip
    """Give every row that can be read to `read`; the others are rejected by name, and `broken` is told of them.
    The layout that was found."""
    titles, rows = table.titles, table.rows
    if run.preset is not None:
        titles, rows = run.preset(titles, rows, report.noticed)
    layout = find_layout(run.kind, titles)
    for number, values in rows:
        report.read += 1
        try:
            read(read_row(layout, values), layout, number, values)
        except Refused as error:
            spool.reject(number, error, values)
            broken(layout, number, values)
        if report.read % 1_000 == 0:
            run.progress("reading", report.read, 0)
    return layout


def kept_record(layout: Layout, values: Sequence[str]) -> dict[str, str]:
    """The columns nobody reads, for the raw record."""
    return extra_cells(layout, values)


def close_report(report: ImportReport, spool: RowSpool) -> None:
    """Enter what was rejected."""
    for row in spool.rejected():
        report.rejected.append({"row": row.number, "reason": row.reason, "params": dict(row.params)})


def write_rejected(path: Path, layout: Layout, rows: Iterable[Rejected], tell: Tell) -> Path:
    """FILE.rejected.csv: the rows as they were, with the reason in both languages; no cell is a formula (S-8)."""
    target = path.with_name(path.name + ".rejected.csv")
    places = [n for n, title in enumerate(layout.titles) if title.casefold() not in REASON_COLUMNS]
    try:
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([cell_text(layout.titles[n]) for n in places] + list(REASON_COLUMNS))
            for row in rows:
                said = [row.cells[n] if n < len(row.cells) else "" for n in places]
                shown = [cell_text(text[:_SHOWN_CELL]) for text in said]
                writer.writerow(shown + [cell_text(text) for text in (row.reason, *tell(row.reason, row.params))])
    except OSError as error:
        raise Refused("import_rejected_unwritable", file=target.name[:80], why=error.strerror or "") from None
    return target


def as_refused(error: GuideDeskError) -> Refused:
    """The reason of a row that the database's own rules refused."""
    return Refused(error.code, **error.params)
