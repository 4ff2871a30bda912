"""An export: text stays text, numbers stay numbers, it says who and why, and it is whole or not there at all."""

from __future__ import annotations

import csv
import io
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import Role
from guidedesk.domain.spreadsheets import FORMULA_STARTS, Sheet, cell_text, major
from guidedesk.services.export_file import write_export
from guidedesk.services.history_export import ExportRequest, export_history
from guidedesk.services.operations import RecordExport
from guidedesk.services.spreadsheet_files import sheet_bytes
from tests.helpers.shop import LAKESIDE, LIN, QIN, SHEN

EVIL = ("=1+1", "+8613800002746", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1＋1", "＋1", "－1", "＠x", "=HYPERLINK(\"file://x\")")
CELLS = st.one_of(
    st.text(max_size=20), st.sampled_from(EVIL), st.integers(-(2**53), 2**53), st.none(),
    st.builds(major, st.integers(-(10**14), 10**14), st.sampled_from(("CNY", "JPY", "KWD"))),
)  # fmt: skip


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "Excel needs the mark to read Chinese"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> tuple[list[list[Any]], Any]:
    page = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell.value for cell in row] for row in page.iter_rows()], page


def sheet(*rows: tuple[Any, ...], mark: tuple[str, ...] = ("林晓夏 A017", "用途：对账")) -> Sheet:
    return Sheet("明细", mark, tuple(f"c{n}" for n in range(len(rows[0]))), rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_no_cell_ever_becomes_a_formula_and_numbers_come_back_equal(rows: list[tuple[Any, Any]]) -> None:
    made = sheet(*((*row, "end") for row in rows))
    csv_rows = read_csv(sheet_bytes(made, "csv"))[4:]
    xlsx_rows, page = read_xlsx(sheet_bytes(made, "xlsx"))
    assert all(cell.data_type != "f" and cell.hyperlink is None for row in page.iter_rows() for cell in row)
    for row, in_csv, in_xlsx in zip(rows, csv_rows, xlsx_rows[4:], strict=True):
        for value, text, number in zip((*row, "end"), in_csv, in_xlsx, strict=True):
            if isinstance(value, str):
                assert text[:1] not in FORMULA_STARTS or not text
                # XML has one way to end a line; a spreadsheet shows all three alike.
                assert (number or "").replace("_x000D_", "\r").splitlines() == text.splitlines()
            elif value is None:
                assert (text, number) == ("", None)
            else:
                assert Decimal(text) == value == Decimal(str(number)) or float(value) == number


@pytest.mark.parametrize("text", EVIL)
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    assert cell_text(text) == f"'{text}"


def test_ordinary_text_is_left_alone_and_controls_are_seen() -> None:
    assert cell_text("羊毛 100% - 深灰\nL") == "羊毛 100% - 深灰\nL"
    assert cell_text("a\x07b\u202ec") == "a⟨0007⟩b⟨202E⟩c"


def test_amounts_are_numbers_of_their_currency() -> None:
    made = sheet((major(129_800, "CNY"), major(-500, "JPY"), major(1_234, "KWD")))
    assert read_csv(sheet_bytes(made, "csv"))[4] == ["1298.00", "-500", "1.234"]
    rows, page = read_xlsx(sheet_bytes(made, "xlsx"))
    assert rows[4] == [1298, -500, 1.234]
    assert [cell.number_format for cell in page[5]] == ["0.00", "0", "0.000"]


def test_the_mark_stands_in_the_sheet_and_on_every_printed_page() -> None:
    made = sheet(("x",), mark=("导出人：林晓夏 & Co", "=用途"))
    assert [row[0] for row in read_csv(sheet_bytes(made, "csv"))[:2]] == ["导出人：林晓夏 & Co", "'=用途"]
    rows, page = read_xlsx(sheet_bytes(made, "xlsx"))
    assert [row[0] for row in rows[:2]] == ["导出人：林晓夏 & Co", "'=用途"]
    assert "林晓夏" in page.oddHeader.center.text
    assert "用途" in page.oddFooter.center.text


def ask(path: Path, *, members: tuple[str, ...] = (SHEN,), purpose: str = "accounts", note: str = "") -> ExportRequest:
    return ExportRequest(derived_id("export", str(path)), members, purpose, note, "csv", path)


def actor(role: Role = "associate") -> Actor:
    return Actor(LIN, role, frozenset({LAKESIDE}))


def run(request: ExportRequest, who: Actor | None = None) -> list[RecordExport]:
    recorded: list[RecordExport] = []
    export_history(request, sheet(("衣", 1)), who or actor(), LAKESIDE, recorded.extend)
    return recorded


def test_a_file_is_written_for_its_owner_alone_and_recorded_first(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    seen: list[bytes] = []
    request = ask(path, note=" 复核 ")

    def record(operations: Any) -> None:
        assert [op.note for op in operations] == ["复核"]
        assert not path.exists()
        (part,) = tmp_path.iterdir()
        seen.append(part.read_bytes())

    export_history(request, sheet(("衣", 1)), actor(), LAKESIDE, record)
    assert set(seen[0]) == {0}, "room was made, but nothing of her is there before it is recorded"
    assert read_csv(path.read_bytes())[-1] == ["衣", "1"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_more_than_one_member_needs_a_manager(tmp_path: Path) -> None:
    request = ask(tmp_path / "two.csv", members=(SHEN, QIN))
    with pytest.raises(Refused, match="forbidden"):
        run(request)
    assert list(tmp_path.iterdir()) == []
    assert [op.member_id for op in run(request, actor("manager"))] == [SHEN, QIN]


@pytest.mark.parametrize("role", ["admin", "device"])
def test_who_may_not_see_members_may_not_export_them(tmp_path: Path, role: Any) -> None:
    with pytest.raises(Refused, match="forbidden"):
        run(ask(tmp_path / "x.csv"), actor(role))


@pytest.mark.parametrize(
    ("purpose", "note", "code"), [("", "x", "export_no_purpose"), ("other", " ", "export_no_note")]
)
def test_no_purpose_no_file(tmp_path: Path, purpose: str, note: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        run(ask(tmp_path / "x.csv", purpose=purpose, note=note))
    assert list(tmp_path.iterdir()) == []


@contextmanager
def full_disk() -> Iterator[None]:
    """A real failing write: no file of this process may grow beyond 4 KiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_behind_and_records_nothing(tmp_path: Path) -> None:
    recorded: list[int] = []
    with full_disk(), pytest.raises(GuideDeskError, match="export_full"):
        write_export(tmp_path / "x.csv", b"x" * 100_000, lambda: recorded.append(1))
    assert (list(tmp_path.iterdir()), recorded) == ([], [])


def test_what_cannot_be_recorded_is_not_written(tmp_path: Path) -> None:
    def refuse() -> None:
        raise Refused("forbidden")

    with pytest.raises(Refused, match="forbidden"):
        write_export(tmp_path / "x.csv", b"x", refuse)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (lambda folder: folder / "missing" / "x.csv", "export_no_folder"),
        (lambda folder: folder / "file" / "x.csv", "export_no_folder"),
        (lambda folder: folder / ("x" * 300), "export_no_folder"),
        (lambda folder: folder / "file", "export_exists"),
        (lambda folder: folder / "link", "export_exists"),
        (lambda folder: Path("x.csv"), "export_no_folder"),
    ],
)
def test_a_place_that_cannot_be_used_is_said(tmp_path: Path, where: Callable[[Path], Path], code: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(GuideDeskError, match=code):
        write_export(where(tmp_path), b"x", lambda: None)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_place_that_is_closed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_args: Any) -> int:
        raise PermissionError(13, "closed")

    monkeypatch.setattr("os.open", closed)
    with pytest.raises(Refused, match="export_closed"):
        write_export(tmp_path / "x.csv", b"x", lambda: None)
