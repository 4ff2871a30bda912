"""Order files: rows of any order, one sale or return from all of its rows, through the one door (COMMANDS.md).

A row that cannot be true takes the other rows of its order with it: half a sale would be kept for ever, because what
is known under an id never changes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from guidedesk.domain import people
from guidedesk.domain.errors import Refused
from guidedesk.domain.import_cells import Figure
from guidedesk.domain.import_headers import Layout
from guidedesk.domain.import_rows import OrderRow, fields_of, read_order_row
from guidedesk.server.connectors import file_run
from guidedesk.server.connectors.file_run import FileRun, ImportReport, Tell
from guidedesk.server.connectors.row_spool import Kept, RowSpool
from guidedesk.server.order_backs import LINE_NUMBERS, number_lines
from guidedesk.server.order_intake import Intake, Taken
from guidedesk.server.order_names import NO_ARTICLE, read_names
from guidedesk.server.order_types import BackIn, BackRow, Hints, LineIn, OrderIn
from guidedesk.services.table_files import open_table

SOURCE: Final = "import"
_PORTION: Final = 2_000
# What holds for a whole order: its rows agree, or leave it empty.
_OF_THE_ORDER: Final = (
    "channel", "store", "paid_at_ms", "member_code", "phone", "associate", "cashier", "currency", "original_order_id"
)  # fmt: skip
_NUMBERED_IDS: Final = ("order_id", "original_order_id", "member_code", "sku")
_Group = tuple[list[Kept], OrderIn | BackIn]


def import_orders(
    run: FileRun, path: Path, *, phone_key: bytes | None, tell: Tell, source: str = SOURCE
) -> ImportReport:
    """Bring an order file in; a second run adds nothing. Refuses only a file that is no table of orders."""
    report = ImportReport()
    with open_table(path) as table, RowSpool() as spool:
        report.encoding = table.encoding

        def keep(found: Mapping[str, str], layout: Layout, number: int, values: Sequence[str]) -> None:
            row = read_order_row(found, run.chain, layout)
            if any(isinstance(found.get(name), Figure) for name in _NUMBERED_IDS):
                report.notice("ids_were_numbers")
            record = Kept(number, fields_of(row), file_run.kept_record(layout, values))
            spool.keep(row.order_id, record, values, late=row.kind == "return")

        def broken(layout: Layout, number: int, values: Sequence[str]) -> None:
            place = layout.places["order_id"]
            if place < len(values):
                spool.break_group(" ".join(values[place][:200].split()), number)

        layout = file_run.each_row(run, table, spool, report, keep, broken)
        _Landing(run, spool, report, phone_key, source).land()
        file_run.close_report(report, spool)
        if report.rejected and not run.is_dry:
            file_run.write_rejected(path, layout, spool.rejected(), tell)
    return report


class _Landing:
    """Groups of rows on their way into the database."""

    def __init__(
        self, run: FileRun, spool: RowSpool, report: ImportReport, phone_key: bytes | None, source: str
    ) -> None:
        self._run = run
        self._spool = spool
        self._report = report
        self._phone_key = phone_key
        self._source = source
        self._names = read_names(run.database)
        self._intake = Intake(run.database, phone_key, run.chain.now_ms)

    def land(self) -> None:
        """Take everything in, a portion at a time."""
        groups = self._orders()
        done = 0
        while portion := list(islice(groups, _PORTION)):
            if self._run.is_dry:
                self._look(portion)
            else:
                for (rows, item), taken in zip(
                    portion, self._intake.take([item for _, item in portion]), strict=True
                ):
                    self._note(rows, item, taken)
            done += sum(len(rows) for rows, _ in portion)
            self._run.progress("landing", done, self._report.read)
        if not self._run.is_dry:
            self._intake.finish()

    def _orders(self) -> Iterator[_Group]:
        for late, broken, rows in self._spool.groups():
            try:
                if broken is not None:
                    raise Refused("row_order_incomplete", row=broken)
                lines, again = _without_repeats([(kept, OrderRow(*kept.values)) for kept in rows])
                item = self._back(lines) if late else self._sale(lines)
            except Refused as error:
                for kept in rows:
                    self._spool.reject(kept.number, error)
                continue
            self._report.unchanged += again
            yield [kept for kept, _ in lines], item

    def _sale(self, lines: Sequence[tuple[Kept, OrderRow]]) -> OrderIn:
        head = _head(lines)
        store_id = self._names.store(head["store"])
        channel = head["channel"] or ("store" if store_id else "online")
        if channel == "store" and store_id is None:
            raise Refused("row_store_missing")
        seller = self._names.associate(head["associate"])
        refs = [row.line_id for _, row in lines]
        numbers = number_lines(refs) if all(refs) else list(range(1, len(refs) + 1))
        if len(set(refs)) != len(refs) and all(refs):
            twice = next(ref for ref, count in Counter(refs).items() if count > 1)
            raise Refused("row_line_twice", line=twice[:40], order=head["order_id"][:40])
        made = [self._line(number, row) for number, (_, row) in zip(numbers, lines, strict=True)]
        named = {ref: number for ref, number in zip(refs, numbers, strict=True) if ref and str(number) != ref}
        raw = self._raw(lines) | ({LINE_NUMBERS: named} if named else {})
        return OrderIn(
            source=self._source,
            external_id=head["order_id"],
            channel=channel,  # type: ignore[arg-type]
            paid_at_ms=head["paid_at_ms"],
            currency=head["currency"],
            lines=tuple(sorted(made, key=lambda line: line.line_no)),
            store_id=store_id,
            seller_id=seller,
            raw=raw,
            content=self._content(head, lines),
            hints=Hints(code=head["member_code"], phone=head["phone"]),
        )

    def _line(self, number: int, row: OrderRow) -> LineIn:
        known = self._names.articles.get(row.sku, NO_ARTICLE)
        return LineIn(
            line_no=number,
            sku=row.sku,
            name=row.name or known.name,
            qty=row.qty,
            amount_minor=row.amount_minor,
            name_en=known.name_en or None,
            category=known.category or None,
            category_en=known.category_en or None,
            size=row.size or None,
            colour=row.colour or None,
            colour_en=known.colour_en or None,
            tax_bp=row.tax_bp,
        )

    def _back(self, lines: Sequence[tuple[Kept, OrderRow]]) -> BackIn:
        head = _head(lines)
        of = head["original_order_id"] or head["order_id"]
        # A return without a number of its own is told apart by its time.
        own = head["order_id"] if head["original_order_id"] else f"{head['order_id']}@{head['paid_at_ms']}"
        rows: dict[str, int] = {}
        for _, row in lines:
            ref = row.original_line_id or row.line_id
            if not ref:
                raise Refused("row_missing", column="original_line_id / 原行号")
            rows[ref] = rows.get(ref, 0) + row.qty
        return BackIn(
            source=self._source,
            external_id=own,
            kind="return",
            order_external_id=of,
            at_ms=head["paid_at_ms"],
            rows=tuple(BackRow(ref, qty) for ref, qty in sorted(rows.items())),
            raw=self._raw(lines),
            content=self._content(head, lines),
        )

    def _raw(self, lines: Sequence[tuple[Kept, OrderRow]]) -> dict[str, Any]:
        """The record as it came; a phone only masked (SECURITY.md P-3), its keyed hash is what it is matched by."""
        names = OrderRow.__slots__
        told = []
        for kept, row in lines:
            said = {name: value for name in names if (value := getattr(row, name)) not in ("", None)}
            if row.phone:
                said["phone"] = people.mask_phone(row.phone)
            told.append(said | {"row": kept.number} | ({"extra": dict(kept.extra)} if kept.extra else {}))
        return {"rows": told}

    def _content(self, head: Mapping[str, Any], lines: Sequence[tuple[Kept, OrderRow]]) -> str:
        """What the file says, apart from columns nobody reads and the order of rows."""
        phone = head["phone"]
        if phone and self._phone_key is not None:
            phone = people.phone_hash(phone, self._phone_key)
        said = [phone if name == "phone" else head[name] for name in _OF_THE_ORDER if name != "cashier"]
        rows = sorted(
            [row.line_id, row.original_line_id, row.sku, row.size, row.colour, row.qty, row.amount_minor,
             str(row.tax_bp)]
            for _, row in lines
        )  # fmt: skip
        return json.dumps([said, rows], ensure_ascii=False)

    def _note(self, rows: Sequence[Kept], item: OrderIn | BackIn, taken: Taken) -> None:
        report = self._report
        if taken.status in ("accepted", "waiting"):
            report.landed += len(rows)
        elif taken.status == "unchanged":
            report.unchanged += len(rows)
        else:
            error = taken.error or Refused("row_conflict", order=item.external_id[:40])
            for kept in rows:
                self._spool.reject(kept.number, error)
            return
        if taken.error is not None:
            self._list(rows, item, "order_unknown")
        elif taken.unmatched is not None:
            self._list(rows, item, taken.unmatched.reason)

    def _look(self, portion: Sequence[_Group]) -> None:
        """What would become of these: nothing is written, so returns of sales in this file count as known."""
        orders = self._intake.match([item for _, item in portion if isinstance(item, OrderIn)])
        matched = iter(orders)
        for rows, item in portion:
            self._report.landed += len(rows)
            if isinstance(item, OrderIn):
                order = next(matched)
                if order.unmatched is not None:
                    self._list(rows, item, order.unmatched.reason)

    def _list(self, rows: Sequence[Kept], item: OrderIn | BackIn, reason: str) -> None:
        self._report.unmatched += len(rows)
        self._report.listed.append({"row": rows[0].number, "order": item.external_id, "reason": reason})


def _head(lines: Sequence[tuple[Kept, OrderRow]]) -> dict[str, Any]:
    """What holds for the whole order: the one thing that its rows say. `row_differs` where they say two."""
    first = lines[0][1]
    head: dict[str, Any] = {"order_id": first.order_id}
    for name in _OF_THE_ORDER:
        said = {value for _, row in lines if (value := getattr(row, name)) != ""}
        if len(said) > 1:
            raise Refused("row_differs", column=name.removesuffix("_ms"), order=first.order_id[:40])
        head[name] = next(iter(said), "")
    return head


def _without_repeats(lines: list[tuple[Kept, OrderRow]]) -> tuple[list[tuple[Kept, OrderRow]], int]:
    """A row that says the same of the same line once more is the same row; how many were left out."""
    seen: set[OrderRow] = set()
    kept: list[tuple[Kept, OrderRow]] = []
    for one in lines:
        if one[1].line_id and one[1] in seen:
            continue
        seen.add(one[1])
        kept.append(one)
    return kept, len(lines) - len(kept)
