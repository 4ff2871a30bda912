"""The step of a tour that takes purchases out of the program: by keys, with a purpose, on record at head office."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guidedesk.demo import hands
from guidedesk.demo.eyes import wait_for
from guidedesk.demo.steps import SERVER
from guidedesk.demo.tour import Seen, Tour

NAME = "export.xlsx"


def export(tour: Tour) -> Seen:
    """What a member bought, as a sheet that says who took it and why."""
    path = (tour.out / NAME).resolve()
    path.unlink(missing_ok=True)
    hands.press(tour.window, "Ctrl+E")
    wait_for(lambda: tour.window.overlays.dialog is not None)
    hands.press(tour.window, "1")
    for _ in range(3):  # note, kind of file, where to
        hands.press(tour.window, "Tab")
    hands.type_text(tour.window, str(path))
    hands.press(tour.window, "Ctrl+Return")
    wait_for(path.exists)
    detail = tour.arrived("select detail from audit where action='history.exported'")
    rows, mark, formulas = _read(path) if path.exists() else (0, "", 0)
    recorded = json.loads(detail)["lines"] if detail else 0
    who = tour.facts["number"]
    seen = f"{rows} rows, {formulas} formulas, {who} in its mark: {who in mark}; rows on record: {recorded}"
    ok = rows == recorded > 0 and formulas == 0 and who in mark
    return Seen("Ctrl E in the history, 1, typed a path, Ctrl Enter",
                f"a sheet marked with {who}, and its record in the audit of head office", seen,
                f"the file by openpyxl; {SERVER}", ok)  # fmt: skip


def _read(path: Path) -> tuple[int, str, int]:
    """Rows below the head, the text above it, and how many cells are formulas."""
    from openpyxl import load_workbook

    page: Any = load_workbook(path).worksheets[0]
    rows = list(page.iter_rows())
    above = next(number for number, row in enumerate(rows) if len([c for c in row if c.value is not None]) > 1)
    mark = " ".join(str(row[0].value) for row in rows[:above])
    return len(rows) - above - 1, mark, sum(1 for row in rows for cell in row if cell.data_type == "f")
