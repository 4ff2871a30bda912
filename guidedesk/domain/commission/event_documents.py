"""Events as documents: one reader a type (COMMISSION.md 0 "Event types", 9 "Orders")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, Final

from guidedesk.domain.commission import bodies, reading
from guidedesk.domain.commission.bodies import NO_TAX, Body, LineId
from guidedesk.domain.commission.component_documents import ROLES, is_associate
from guidedesk.domain.commission.plans import read_plan
from guidedesk.domain.commission.reading import Doc, DocumentError
from guidedesk.domain.commission.rounding import BP
from guidedesk.domain.money import MAX_MINOR

_ALL_NET: Final = (1, 1)
# what NamedTuple's own constructor does, without its detour: this is done for every line sold
_make_line = partial(tuple.__new__, bodies.OrderLine)
_make_order = partial(tuple.__new__, bodies.Order)
_make_scan = partial(tuple.__new__, bodies.Scan)
_UNUSUAL: Final = frozenset({"placed_at", "basket_opened_at", "member_tier", "fx", "shipping"})


def associate_id(doc: Doc, key: str, where: str) -> str:
    """An associate's id; the names of the other beneficiaries are taken."""
    name = reading.text(doc, key, where)
    if not is_associate(name):
        raise DocumentError("reserved", key, where, name)
    return name


def optional_associate(doc: Doc, key: str, where: str) -> str | None:
    """An associate's id that may be absent."""
    return None if doc.get(key) is None else associate_id(doc, key, where)


def read_body(doc: Doc, where: str) -> tuple[int, Body]:
    """The rank in the canonical order (1.4) and the checked content of an event that is no close."""
    kind = doc.get("type")
    found = _READERS.get(kind) if isinstance(kind, str) else None
    if found is None:
        found = _READERS[reading.choice(doc, "type", where, tuple(_READERS))]
    return found[0], found[1](doc, where)


def _code(doc: Doc, where: str) -> Body:
    return bodies.CodeIssue(
        reading.text(doc, "code", where),
        associate_id(doc, "associate", where),
        reading.optional_moment(doc, "expires_at", where),
    )


def _scan(doc: Doc, where: str) -> Body:
    associate, member = doc.get("associate"), doc.get("member")
    if (
        type(associate) is str and 0 < len(associate) <= reading.MAX_ID and is_associate(associate)
        and type(member) is str and 0 < len(member) <= reading.MAX_ID and doc.get("code") is None
    ):  # fmt: skip
        return _make_scan((member, associate, None))
    code = reading.optional_text(doc, "code", where)
    associate = associate_id(doc, "associate", where) if code is None else optional_associate(doc, "associate", where)
    return bodies.Scan(reading.text(doc, "member", where), associate, code)


def _interaction(doc: Doc, where: str) -> Body:
    return bodies.Interaction(
        reading.text(doc, "kind", where), associate_id(doc, "associate", where), reading.text(doc, "member", where)
    )


def _assign(doc: Doc, where: str) -> Body:
    return bodies.Assign(associate_id(doc, "associate", where), reading.text(doc, "member", where))


def _unbind(doc: Doc, where: str) -> Body:
    return bodies.Unbind(reading.text(doc, "member", where))


def _staff(doc: Doc, where: str) -> Body:
    kind = str(doc["type"]).removeprefix("staff.")
    store = reading.optional_text(doc, "store", where) if kind != "move" else reading.text(doc, "store", where)
    role = None if doc.get("role") is None else reading.choice(doc, "role", where, ROLES)
    associate = associate_id(doc, "associate", where)
    return bodies.StaffChange(kind, associate, store, role, reading.optional_text(doc, "member", where))


def _merge(doc: Doc, where: str) -> Body:
    return bodies.Merge(reading.text(doc, "from", where), reading.text(doc, "into", where))


def _order(doc: Doc, where: str) -> Body:
    lines = _lines(doc, "lines", where)
    if not lines:
        raise DocumentError("missing", "lines", where)
    plain = _plain_order(doc, lines)
    if plain is not None:
        return plain
    discount = reading.optional_whole(doc, "order_discount", where) or 0
    total = sum(line.amount for line in lines)
    if discount > total:
        raise DocumentError("above_total", "order_discount", where, discount, total=total)
    reading.optional_whole(doc, "shipping", where)
    return bodies.Order(
        order=reading.text(doc, "order", where),
        channel=reading.text(doc, "channel", where),
        member=reading.optional_text(doc, "member", where),
        store=reading.optional_text(doc, "store", where),
        seller=optional_associate(doc, "seller", where),
        placed_at=reading.optional_moment(doc, "placed_at", where),
        basket_opened_at=reading.optional_moment(doc, "basket_opened_at", where),
        member_tier=reading.optional_text(doc, "member_tier", where),
        order_discount=discount,
        fx=_fx(doc, where),
        lines=lines,
    )


def _plain_order(doc: Doc, lines: tuple[bodies.OrderLine, ...]) -> bodies.Order | None:
    """An order with nothing unusual; None sends it to the full reading, which says what is wrong."""
    if not _UNUSUAL.isdisjoint(doc):
        return None
    get = doc.get
    order, channel, member, store, seller = get("order"), get("channel"), get("member"), get("store"), get("seller")
    discount = get("order_discount")
    if (
        type(order) is not str or not 0 < len(order) <= reading.MAX_ID
        or type(channel) is not str or not 0 < len(channel) <= reading.MAX_ID
        or (member is not None and not (type(member) is str and 0 < len(member) <= reading.MAX_ID))
        or (store is not None and not (type(store) is str and 0 < len(store) <= reading.MAX_ID))
        or (seller is not None and not (
            type(seller) is str and 0 < len(seller) <= reading.MAX_ID and is_associate(seller)))
        or (discount is not None and not (
            type(discount) is int and 0 <= discount <= MAX_MINOR and discount <= sum([line.amount for line in lines])))
    ):  # fmt: skip
        return None
    # in the order of the fields: order, channel, member, store, seller, placed_at, basket_opened_at, member_tier, ...
    return _make_order((order, channel, member, store, seller, None, None, None, discount or 0, None, lines))


def _lines(doc: Doc, key: str, where: str) -> tuple[bodies.OrderLine, ...]:
    entries = reading.items(doc, key, where)
    found = [_plain_line(entry) or _line(entry, f"{where}.{key}[{at}]", key, where) for at, entry in enumerate(entries)]
    if len({line.line for line in found}) < len(found):
        seen: set[LineId] = set()
        for at, line in enumerate(found):
            if line.line in seen:
                raise DocumentError("twice", "line", f"{where}.{key}[{at}]", line.line)
            seen.add(line.line)
    return tuple(found)


def _plain_line(entry: Any) -> bodies.OrderLine | None:
    """A line all of whose values are as they should be; None sends it to `_line`, which says what is wrong."""
    if type(entry) is not dict:
        return None
    get = entry.get
    line, qty, amount, tax = get("line"), get("qty"), get("amount"), get("tax_bp")
    category, sku, seller = get("category"), get("sku"), get("seller")
    if (
        type(line) is not int or type(qty) is not int or type(amount) is not int
        or not 0 <= line <= MAX_MINOR or not 1 <= qty <= MAX_MINOR or not 0 <= amount <= MAX_MINOR
        or (category is not None and not (type(category) is str and 0 < len(category) <= reading.MAX_ID))
        or sku is not None or seller is not None
    ):  # fmt: skip
        return None
    if tax is None:
        return _make_line((line, qty, amount, NO_TAX, _ALL_NET, category, None, None))
    if type(tax) is not int or not 0 <= tax <= 10_000:
        return None
    rate, net = _whole_tax(tax)
    return _make_line((line, qty, amount, rate, net, category, None, None))


@lru_cache(maxsize=256)
def _whole_tax(bp: int) -> tuple[Fraction, tuple[int, int]]:
    return (Fraction(bp), (BP, BP + bp)) if bp else (NO_TAX, _ALL_NET)


def _tax(doc: Doc, place: str) -> tuple[Fraction, tuple[int, int]]:
    if doc.get("tax_bp") is None:
        return NO_TAX, _ALL_NET
    rate = reading.basis_points(doc, "tax_bp", place)
    parts = BP * rate.denominator
    return (rate, (parts, parts + rate.numerator)) if rate else (NO_TAX, _ALL_NET)


def _line(entry: Any, place: str, key: str, where: str) -> bodies.OrderLine:
    doc = reading.mapping(entry, key, where)
    tax_bp, net = _tax(doc, place)
    return bodies.OrderLine(
        line=line_id(doc, "line", place),
        qty=reading.whole(doc, "qty", place, 1),
        amount=reading.whole(doc, "amount", place),
        tax_bp=tax_bp,
        net=net,
        category=reading.optional_text(doc, "category", place),
        sku=reading.optional_text(doc, "sku", place),
        seller=optional_associate(doc, "seller", place),
    )


def line_id(doc: Doc, key: str, where: str) -> LineId:
    """A line's number or name within its order."""
    return reading.text(doc, key, where) if isinstance(doc.get(key), str) else reading.whole(doc, key, where)


def _fx(doc: Doc, where: str) -> tuple[int, int] | None:
    if doc.get("fx") is None:
        return None
    pair = reading.items(doc, "fx", where)
    if len(pair) != 2:
        raise DocumentError("not_a_pair", "fx", where, pair)
    numerator, denominator = (reading.whole({"fx": part}, "fx", where, 1) for part in pair)
    return numerator, denominator


def _rows(doc: Doc, where: str) -> tuple[tuple[LineId, int], ...]:
    return tuple(
        (line_id(entry, "line", place), reading.whole(entry, "qty", place, 1))
        for entry, place in reading.objects(doc, "lines", where)
    )


def _return(doc: Doc, where: str) -> Body:
    return bodies.Return(reading.text(doc, "order", where), _rows(doc, where))


def _refund(doc: Doc, where: str) -> Body:
    return bodies.Refund(
        reading.text(doc, "order", where), line_id(doc, "line", where), reading.whole(doc, "amount", where)
    )


def _cancel(doc: Doc, where: str) -> Body:
    return bodies.Cancel(reading.text(doc, "order", where))


def _exchange(doc: Doc, where: str) -> Body:
    rows, lines = _rows(doc, where), _lines(doc, "new_lines", where)
    return bodies.Exchange(reading.text(doc, "order", where), rows, reading.text(doc, "new_order", where), lines)


def _publish(doc: Doc, where: str) -> Body:
    return bodies.Publish(read_plan(reading.mapping(doc.get("plan"), "plan", where), f"{where}.plan"))


def _adjustment(doc: Doc, where: str) -> Body:
    amount = reading.whole(doc, "amount", where, -MAX_MINOR)
    return bodies.Adjustment(associate_id(doc, "associate", where), amount)


def _review(doc: Doc, where: str) -> Body:
    return bodies.Review(
        reading.text(doc, "target", where), reading.choice(doc, "decision", where, ("accept", "void"))
    )


def _dispute(doc: Doc, where: str) -> Body:
    return bodies.Dispute(doc["type"] == "dispute.open", disputed_key(doc))


def disputed_key(doc: Doc) -> tuple[str, int, str, str | None, LineId | None] | None:
    """The ledger key a dispute names: a list or object under `line_key` or `key`, or fields of the event itself."""
    named = next((doc[name] for name in ("line_key", "key", "line key") if doc.get(name) is not None), None)
    if named is None:
        named = doc["line"] if isinstance(doc.get("line"), list | tuple | Mapping) else doc
    if isinstance(named, Mapping):
        beneficiary = named.get("beneficiary", named.get("associate"))
        origin = named.get("origin_period", named.get("origin"))
        component = named.get("component_id", named.get("component"))
        named = [beneficiary, origin, component, named.get("ref"), named.get("line")]
    if not isinstance(named, list | tuple):
        return None
    parts = list(named)[1:6] if len(named) in (6, 7) else list(named)
    if len(parts) != 5 or not isinstance(parts[0], str) or not isinstance(parts[2], str):
        return None
    if not isinstance(parts[3], str | None) or not isinstance(parts[4], int | str | None):
        return None
    try:
        origin = reading.month({"origin": parts[1]}, "origin", "")
    except DocumentError:
        return None
    return parts[0], origin, parts[2], parts[3], parts[4]


_Reader = Callable[[Doc, str], Body]
_READERS: Final[Mapping[str, tuple[int, _Reader]]] = {
    "plan.publish": (0, _publish),
    "staff.join": (0, _staff),
    "staff.move": (0, _staff),
    "staff.leave": (0, _staff),
    "code.issue": (1, _code),
    "assign": (2, _assign),
    "unbind": (3, _unbind),
    "scan": (4, _scan),
    "interaction": (5, _interaction),
    "order": (6, _order),
    "exchange": (7, _exchange),
    "return": (8, _return),
    "refund": (8, _refund),
    "cancel": (8, _cancel),
    "member.merge": (9, _merge),
    "adjustment": (9, _adjustment),
    "review": (9, _review),
    "dispute.open": (9, _dispute),
    "dispute.resolve": (9, _dispute),
}
EVENT_TYPES: Final[tuple[str, ...]] = (*_READERS, "period.close")
