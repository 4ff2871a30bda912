"""Files of articles and of what each store has of them (COMMANDS.md, product and stock rows)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.import_headers import Layout
from guidedesk.domain.import_rows import ProductRow, StockRow, read_product_row, read_stock_row
from guidedesk.models.base import among
from guidedesk.models.entities import Row, load_rows
from guidedesk.models.sales import product
from guidedesk.server.connectors import file_run
from guidedesk.server.connectors.file_run import FileRun, ImportReport, Tell
from guidedesk.server.connectors.row_spool import RowSpool
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks
from guidedesk.server.order_names import read_names
from guidedesk.server.rows import put_rows
from guidedesk.services.table_files import open_table

_PORTION: Final = 2_000
_SHELVES: Final = " / "  # between the shelves of one count
_OWN_WORDS: Final = ("name_en", "category", "category_en", "size", "colour", "colour_en", "image", "barcode")


def import_products(run: FileRun, path: Path, *, tell: Tell) -> ImportReport:
    """Bring articles in: new ones, and what changed of known ones; an empty cell changes nothing."""
    seen: dict[str, ProductRow] = {}
    waiting: list[ProductRow] = []

    def keep(
        found: Mapping[str, str], layout: Layout, number: int, values: Sequence[str], report: ImportReport
    ) -> None:
        row = read_product_row(found, run.chain, layout)
        before = seen.get(row.sku)
        if before is not None:
            if before != row:
                raise Refused("row_sku_twice", text=row.sku[:40])
            report.unchanged += 1
            return
        seen[row.sku] = row
        waiting.append(row)
        if len(waiting) >= _PORTION:
            _land_products(run, waiting, report)
            waiting.clear()

    report = _each(run, path, tell, keep)
    _land_products(run, waiting, report)
    return report


def _land_products(run: FileRun, rows: Sequence[ProductRow], report: ImportReport) -> None:
    if not rows:
        return
    database, chain_id = run.database, run.database.chain_id()
    p = product.c
    with database.read() as conn:
        ids = {
            row.sku: row.id
            for row in conn.execute(
                select(p.sku, p.id).where(
                    p.scope_id == chain_id, among(conn, p.sku, [r.sku for r in rows]), p.deleted_at_ms.is_(None)
                )
            )
        }
        known = {
            row["id"]: row
            for some in chunks(sorted(ids.values()))
            for row in load_rows(conn, "product", chain_id, list(some))
        }
    wanted = [_product(row, ids.get(row.sku), known) for row in rows]
    changed = [row for row in wanted if any(known.get(row["id"], {}).get(k) != v for k, v in row.items())]
    report.landed += len(changed)
    report.unchanged += len(wanted) - len(changed)
    if changed and not run.is_dry:

        def work(opened: ScopeWrite) -> None:
            put_rows(opened, "product", changed)

        database.write(chain_id, work)


def _product(row: ProductRow, row_id: str | None, known: Mapping[str, Row]) -> Row:
    before = known.get(row_id or "", {})
    words = {name: getattr(row, name) or before.get(name) for name in _OWN_WORDS}
    has_price = row.price_minor is not None
    return words | {
        "id": row_id or derived_id("product", row.sku),
        "sku": row.sku,
        "name": row.name,
        "name_en": words["name_en"] or row.name,
        "category": words["category"] or "",
        "category_en": words["category_en"] or words["category"] or "",
        "price_minor": row.price_minor if has_price else before.get("price_minor"),
        "currency": row.currency if has_price else before.get("currency"),
    }


def import_stock(run: FileRun, path: Path, *, tell: Tell) -> ImportReport:
    """Bring counts of stock in; of two counts of an article in a store the later stands, whichever comes first.

    Rows of one time on different shelves are one count: what is on each of them together.
    """
    names = read_names(run.database)
    waiting: dict[str, dict[str, Row]] = {}
    counted: dict[str, Row] = {}

    def keep(
        found: Mapping[str, str], layout: Layout, number: int, values: Sequence[str], report: ImportReport
    ) -> None:
        row = read_stock_row(found, run.chain, layout)
        store_id = names.store(row.store)
        if store_id is None:
            raise Refused("row_missing", column=layout.title("store"))
        if row.sku not in names.articles:
            report.unmatched += 1
            report.listed.append({"row": number, "sku": row.sku, "reason": "article_unknown"})
        mine = waiting.setdefault(store_id, {})
        made = _stock(row, store_id, run.chain.now_ms)
        before = counted.get(made["id"])
        if before is not None and _is_other_shelf(before, made):
            made = _together(before, made, is_waiting=made["id"] in mine)
        elif before is not None:
            _note_older(report, before["as_of_ms"] > made["as_of_ms"])
            if before["as_of_ms"] > made["as_of_ms"]:
                return
        counted[made["id"]] = mine[made["id"]] = made
        if len(mine) >= _PORTION:
            _land_stock(run, store_id, list(mine.values()), report)
            mine.clear()

    report = _each(run, path, tell, keep)
    for store_id, rows in sorted(waiting.items()):
        _land_stock(run, store_id, list(rows.values()), report)
    return report


def _is_other_shelf(before: Row, made: Row) -> bool:
    return (
        before["as_of_ms"] == made["as_of_ms"]
        and bool(made["shelf"])
        and bool(before["shelf"])
        and made["shelf"] not in before["shelf"].split(_SHELVES)
    )


def _together(before: Row, made: Row, *, is_waiting: bool) -> Row:
    """One count of two shelves; `_rows`: how many rows of the file are told of when it lands."""
    return made | {
        "quantity": before["quantity"] + made["quantity"],
        "shelf": f"{before['shelf']}{_SHELVES}{made['shelf']}",
        "_rows": before["_rows"] + 1 if is_waiting else 1,
    }


def _note_older(report: ImportReport, is_older: bool) -> None:
    report.unchanged += 1
    report.notice("older_than_known" if is_older else "counted_again")


def _stock(row: StockRow, store_id: str, now_ms: int) -> Row:
    return {
        "id": derived_id("stock", store_id, row.sku),
        "sku": row.sku,
        "quantity": row.quantity,
        "shelf": row.shelf or None,
        "as_of_ms": now_ms if row.as_of_ms is None else row.as_of_ms,
        "_now": row.as_of_ms is None,
        "_rows": 1,
    }


def _land_stock(run: FileRun, store_id: str, rows: Sequence[Row], report: ImportReport) -> None:
    if not rows:
        return

    def decide(known: Mapping[str, Row]) -> tuple[list[Row], int, int]:
        fresh, landed, older = [], 0, 0
        for row in rows:
            said = {name: value for name, value in row.items() if name not in ("_now", "_rows")}
            before = known.get(row["id"])
            if before is not None and before["as_of_ms"] > row["as_of_ms"]:
                older += row["_rows"]
            elif before is None or any(
                before[name] != value for name, value in said.items() if name != "as_of_ms" or not row["_now"]
            ):
                fresh.append(said)
                landed += row["_rows"]
        return fresh, landed, older

    def known_in(conn: Any) -> dict[str, Row]:
        ids = sorted(row["id"] for row in rows)
        return {
            row["id"]: row for some in chunks(ids) for row in load_rows(conn, "stock", store_id, list(some))
        }

    def work(opened: ScopeWrite) -> tuple[int, int]:
        fresh, landed, older = decide(known_in(opened.conn))
        put_rows(opened, "stock", fresh)
        return landed, older

    if run.is_dry:
        with run.database.read() as conn:
            _, landed, older = decide(known_in(conn))
    else:
        landed, older = run.database.write(store_id, work)
    report.landed += landed
    report.unchanged += sum(row["_rows"] for row in rows) - landed
    if older:
        report.notice("older_than_known", older)


Keep = Callable[[Mapping[str, str], Layout, int, Sequence[str], ImportReport], None]


def _each(run: FileRun, path: Path, tell: Tell, keep: Keep) -> ImportReport:
    """Every row of a file to `keep`; what it refuses is rejected by name."""
    report = ImportReport()
    with open_table(path) as table, RowSpool() as spool:
        report.encoding = table.encoding
        layout = file_run.each_row(
            run, table, spool, report,
            lambda found, layout, number, values: keep(found, layout, number, values, report),
        )  # fmt: skip
        file_run.close_report(report, spool)
        if report.rejected and not run.is_dry:
            file_run.write_rejected(path, layout, spool.rejected(), tell)
    return report
