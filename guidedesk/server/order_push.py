"""`POST /v1/orders`: events of COMMISSION.md 0 from another program, each decided by itself, answered as a push is.

Beyond the fields of the schema an order may say `member_code`, `phone` and `currency`, and a line `name`, `size` and
`colour`. `member` is a card number, that program's own id of her, or ours; `store` a code or id, `seller` a staff
number or id. An unknown field is refused by name: a misspelled one would silently mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from guidedesk.domain import people
from guidedesk.domain.commission import reading
from guidedesk.domain.commission.canonical_json import canonical_json
from guidedesk.domain.commission.event_documents import read_body
from guidedesk.domain.commission.rounding import largest_remainder
from guidedesk.domain.errors import Refused
from guidedesk.domain.import_cells import check_moment
from guidedesk.domain.import_rows import CHANNELS
from guidedesk.domain.money import exponent
from guidedesk.domain.time import iso_utc
from guidedesk.server.database import ServerDatabase
from guidedesk.server.order_backs import LINE_NUMBERS, number_lines
from guidedesk.server.order_intake import Intake, Item, Taken
from guidedesk.server.order_matching import is_card
from guidedesk.server.order_names import NO_ARTICLE, Names, read_names
from guidedesk.server.order_types import BackIn, BackKind, BackRow, Hints, LineIn, OrderIn
from guidedesk.server.settings import read_settings

MOST_ITEMS: Final = 500
KINDS: Final = ("order", "return", "refund", "cancel", "exchange")
_COMMON: Final = frozenset({"id", "type", "at"})
_ORDER: Final = _COMMON | {
    "order", "channel", "member", "store", "seller", "placed_at", "basket_opened_at", "member_tier", "order_discount",
    "shipping", "fx", "lines", "member_code", "phone", "currency",
}  # fmt: skip
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "order": _ORDER,
    "return": _COMMON | {"order", "lines"},
    "refund": _COMMON | {"order", "line", "amount"},
    "cancel": _COMMON | {"order"},
    "exchange": _COMMON | {"order", "lines", "new_order", "new_lines"},
}
_SOLD_KEYS: Final = frozenset(
    {"line", "qty", "amount", "tax_bp", "category", "sku", "seller", "name", "size", "colour"}
)
_BACK_KEYS: Final = frozenset({"line", "qty"})
_TERMS: Final = ("member_tier", "fx", "shipping")
_STATUS: Final[Mapping[str, str]] = {
    "accepted": "accepted", "unchanged": "already_applied", "conflict": "quarantined", "waiting": "parked",
    "refused": "rejected",
}  # fmt: skip


def push_orders(
    database: ServerDatabase, source: str, items: Sequence[Any], phone_key: bytes | None, now_ms: int
) -> list[dict[str, Any]]:
    """Take these events in; for each `{id, status, error, unmatched}` in their order, `error` `{code, params}` or null.

    `accepted`; `already_applied` (there, same content); `quarantined` (its id is there with other content, the first is
    kept); `parked` (its order is not known yet: taken in right after it); `rejected`. `unmatched` says why nobody is
    known for an order that names somebody.
    """
    with database.read() as conn:
        currency = read_settings(conn, database.chain_id())["currency"]
    names = read_names(database, _skus(items))
    reader = _Reader(source, currency, names, now_ms)
    read: list[Item | Refused] = [reader.read(item) for item in items]
    good = [item for item in read if not isinstance(item, Refused)]
    intake = Intake(database, phone_key, now_ms)
    taken = iter(intake.take(good))
    intake.finish()
    results: list[dict[str, Any]] = []
    for item, made in zip(items, read, strict=True):
        one = Taken("refused", made) if isinstance(made, Refused) else next(taken)
        results.append(_answer(item, made, one))
    return results


def _answer(item: Any, made: Item | Refused, taken: Taken) -> dict[str, Any]:
    named = item.get("id") if isinstance(item, Mapping) else None
    error = taken.error
    if taken.status == "conflict" and error is None and not isinstance(made, Refused):
        error = Refused("row_conflict", order=made.external_id[:40])
    return {
        "id": named if isinstance(named, str) else None,
        "status": "parked" if taken.status == "unchanged" and error is not None else _STATUS[taken.status],
        "error": None if error is None else {"code": error.code, "params": dict(error.params)},
        "unmatched": None if taken.unmatched is None else taken.unmatched.reason,
    }


def _skus(items: Sequence[Any]) -> set[str]:
    found: set[str] = set()
    for item in items:
        for name in ("lines", "new_lines"):
            lines = item.get(name) if isinstance(item, Mapping) else None
            for line in lines if isinstance(lines, list) else ():
                sku = line.get("sku") if isinstance(line, Mapping) else None
                if isinstance(sku, str):
                    found.add(sku[: reading.MAX_ID])
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Events as what the one way in takes."""

    source: str
    currency: str
    names: Names
    now_ms: int

    def read(self, item: Any) -> Item | Refused:
        """One event, or why it is none."""
        try:
            doc = reading.mapping(item, "items", "")
            kind = reading.choice(doc, "type", "", KINDS)
            reading.only_keys(doc, _KEYS[kind], "")
            reading.text(doc, "id", "")
            read_body({key: value for key, value in doc.items() if key in _KEYS[kind]}, "")
            at_ms = self._moment(doc, "at")
            return self._order(doc, at_ms) if kind == "order" else self._back(doc, kind, at_ms)  # type: ignore[arg-type]
        except Refused as error:
            return error

    def _moment(self, doc: reading.Doc, key: str) -> int:
        return check_moment(reading.moment(doc, key, ""), str(doc[key]), self.now_ms)

    def _order(self, doc: reading.Doc, at_ms: int) -> OrderIn:
        channel = CHANNELS.get(doc["channel"].casefold())
        if channel is None:
            raise Refused("row_channel", text=doc["channel"][:40])
        store_id = self.names.store(doc.get("store") or "")
        if channel == "store" and store_id is None:
            raise Refused("row_store_missing")
        currency = reading.optional_text(doc, "currency", "") or self.currency
        exponent(currency)
        if currency != self.currency and doc.get("fx") is None:
            raise Refused("row_currency_differs", text=currency[:40], currency=self.currency)
        discount = doc.get("order_discount") or 0
        lines, numbers = self._lines(doc["lines"], "lines", discount)
        terms: dict[str, Any] = {name: doc[name] for name in _TERMS if doc.get(name) is not None}
        terms |= {"order_discount": discount} if discount else {}
        for name in ("placed_at", "basket_opened_at"):
            if doc.get(name) is not None:
                terms[name] = iso_utc(self._moment(doc, name))
        said = {name: value for name, value in doc.items() if name not in ("id", "phone")}
        hints = self._hints(doc)
        return OrderIn(
            source=self.source,
            external_id=doc["order"],
            channel=channel,  # type: ignore[arg-type]
            paid_at_ms=at_ms,
            currency=currency,
            lines=lines,
            store_id=store_id,
            seller_id=self.names.associate(doc.get("seller") or ""),
            raw=_raw(doc) | ({LINE_NUMBERS: numbers} if numbers else {}),
            content=canonical_json(said),
            terms=terms,
            hints=hints,
        )

    def _hints(self, doc: reading.Doc) -> Hints:
        member = doc.get("member") or ""
        code = reading.optional_text(doc, "member_code", "") or ""
        phone = reading.optional_text(doc, "phone", "")
        is_code = is_card(member)
        return Hints(
            code=code or (member if is_code else ""),
            phone=people.clean_phone(phone) if phone else "",
            external_id="" if is_code else member,
        )

    def _lines(
        self, lines: Sequence[Any], key: str, discount: int = 0
    ) -> tuple[tuple[LineIn, ...], dict[str, int]]:
        """Lines with their numbers, and what their source calls them where that is no number."""
        for line in lines:
            reading.only_keys(line, _SOLD_KEYS, key)
            for name in ("name", "size", "colour"):
                reading.optional_text(line, name, key)
        refs = [line["line"] for line in lines]
        if len({str(ref) for ref in refs}) != len(refs):
            raise Refused("row_line_twice", line=str(refs[0])[:40], order="")
        numbers = number_lines(refs)
        amounts = [line["amount"] for line in lines]
        off = largest_remainder(discount, amounts) if discount else [0] * len(lines)
        made = tuple(
            self._line(number, line, share) for number, line, share in zip(numbers, lines, off, strict=True)
        )
        named = {str(ref): number for ref, number in zip(refs, numbers, strict=True) if str(ref) != str(number)}
        return made, named

    def _line(self, number: int, line: reading.Doc, off: int) -> LineIn:
        sku = line.get("sku") or ""
        known = self.names.articles.get(sku, NO_ARTICLE)
        return LineIn(
            line_no=number,
            sku=sku,
            name=line.get("name") or known.name,
            qty=line["qty"],
            amount_minor=line["amount"] - off,
            name_en=known.name_en or None,
            category=line.get("category") or known.category or None,
            category_en=known.category_en or None,
            size=line.get("size"),
            colour=line.get("colour"),
            colour_en=known.colour_en or None,
            before_minor=line["amount"] if off else None,
            tax_bp=line.get("tax_bp"),
            seller_id=self.names.associate(line.get("seller") or ""),
            ref=str(line["line"]) if str(line["line"]) != str(number) else None,
        )

    def _back(self, doc: reading.Doc, kind: BackKind, at_ms: int) -> BackIn:
        rows: tuple[BackRow, ...] = ()
        new_lines: tuple[LineIn, ...] = ()
        if kind == "refund":
            rows = (BackRow(doc["line"], 0, doc["amount"]),)
        elif kind != "cancel":
            rows = self._back_rows(doc["lines"])
        if kind == "exchange":
            new_lines, _ = self._lines(doc["new_lines"], "new_lines")
            if not new_lines:
                raise reading.DocumentError("missing", "new_lines", "")
        return BackIn(
            source=self.source,
            external_id=doc["id"],
            kind=kind,
            order_external_id=doc["order"],
            at_ms=at_ms,
            rows=rows,
            new_order=doc.get("new_order"),
            new_lines=new_lines,
            raw=_raw(doc),
            content=canonical_json(dict(doc)),
        )

    @staticmethod
    def _back_rows(lines: Sequence[Any]) -> tuple[BackRow, ...]:
        """How many of each line; one named twice counts together."""
        found: dict[str | int, int] = {}
        for line in lines:
            reading.only_keys(line, _BACK_KEYS, "lines")
            found[line["line"]] = found.get(line["line"], 0) + line["qty"]
        if not found:
            raise reading.DocumentError("missing", "lines", "")
        return tuple(BackRow(ref, qty) for ref, qty in found.items())


def _raw(doc: reading.Doc) -> dict[str, Any]:
    """The event as it came; a phone only masked (SECURITY.md P-3)."""
    kept = dict(doc)
    if isinstance(kept.get("phone"), str):
        kept["phone"] = people.mask_phone(people.clean_phone(kept["phone"]))
    return kept
