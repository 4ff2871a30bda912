"""Tables of other programs: read, or refused by name, whatever bytes a file holds."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from guidedesk.domain.errors import Refused
from guidedesk.domain.import_cells import Figure
from guidedesk.services.table_files import open_table


def workbook() -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in (["订单号", "数量"], ["007", 1], ["B", 2.5], [1001, "=1+1"]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WHOLE = workbook()
with zipfile.ZipFile(io.BytesIO(WHOLE)) as packed:
    PARTS = {name: packed.read(name) for name in packed.namelist()}


def rows_of(path: Path, content: bytes) -> list[list[str]]:
    path.write_bytes(content)
    with open_table(path) as table:
        return [table.titles, *(cells for _, cells in table.rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_text_table_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    content = '订单号,备注\r\nA,"两\r\n行"\r\n\r\nB,""""\r\n'.encode(encoding)
    assert rows_of(tmp_path / "t", content) == [["订单号", "备注"], ["A", "两\r\n行"], ["B", '"']]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_text_table_with_any_usual_delimiter(tmp_path: Path, delimiter: str) -> None:
    assert rows_of(tmp_path / "t", delimiter.join("ab").encode() + b"\n")[0] == ["a", "b"]


def test_numbers_of_a_workbook_are_told_from_text_and_formulas_are_never_computed(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "t.bin", WHOLE)
    assert rows == [["订单号", "数量"], ["007", "1"], ["B", "2.5"], ["1001", ""]]
    assert [isinstance(cell, Figure) for cell in rows[1]] == [False, True]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PARTS)), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6))
def test_a_damaged_workbook_is_read_or_refused(
    tmp_path: Path, part: str, damage: list[tuple[int, int]]
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in PARTS.items():
            hurt = bytearray(content)
            for place, byte in damage if name == part else ():
                hurt[place % len(hurt)] = byte
            if name != part or damage:
                packed.writestr(name, bytes(hurt))
    with suppress(Refused):
        rows_of(tmp_path / "t.xlsx", out.getvalue())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, is_zip: bool) -> None:
    with suppress(Refused):
        rows_of(tmp_path / "t", (b"PK\x03\x04" if is_zip else b"") + content)
