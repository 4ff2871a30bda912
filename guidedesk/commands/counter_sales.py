"""Actions of `guidedesk counter` about sales where no till sends them: sale, return, claim."""

from __future__ import annotations

import argparse
from typing import Any

from guidedesk.commands.counter_recording import record
from guidedesk.commands.output import Answer
from guidedesk.domain.errors import Refused
from guidedesk.domain.money import parse_minor
from guidedesk.services import operations as ops
from guidedesk.services.queries.reference import list_staff
from guidedesk.services.sales import receipt_of, sale_row_id, source_of
from guidedesk.sync.counter import Counter


def add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    """Their options."""
    sale = actions.add_parser("sale", help="record a sale of this store")
    sale.add_argument("--member", required=True, metavar="ID")
    sale.add_argument("--amount", required=True, metavar="A", help="in major units, after all discounts: 699.00")
    sale.add_argument("--currency", metavar="CUR", help="the chain's when missing")
    sale.add_argument("--receipt", metavar="N")
    sale.add_argument("--seller", metavar="N", help="staff number; whoever is signed in when missing")
    sale.add_argument("--line", action="append", default=[], metavar="NAME;QTY;AMOUNT[;SKU]")
    back = actions.add_parser("return", help="goods of a known purchase came back")
    back.add_argument("--member", required=True, metavar="ID")
    back.add_argument("--purchase", required=True, metavar="ID")
    back.add_argument("--currency", metavar="CUR", help="the chain's when missing")
    back.add_argument("--line", action="append", required=True, metavar="LINE;QTY;AMOUNT")
    back.add_argument("--reason", metavar="T")
    claim = actions.add_parser("claim", help="the sale of a receipt is this member's")
    claim.add_argument("--member", required=True, metavar="ID")
    claim.add_argument("--receipt", required=True, metavar="N")


def sale(counter: Counter, args: argparse.Namespace) -> Answer:
    """In her history at once."""
    currency = args.currency or counter.settings().currency
    made = ops.RecordSale(
        sale_id=counter.new_id(),
        member_id=args.member,
        currency=currency,
        total_minor=parse_minor(args.amount, currency),
        lines=tuple(_sale_line(text, n, currency) for n, text in enumerate(args.line, start=1)),
        receipt_no=args.receipt,
        seller_id=_staff_id(counter, args.seller) if args.seller else None,
    )
    receipt = receipt_of(made)
    purchase_id = sale_row_id(source_of(counter.store_id), receipt)
    return record(counter, made, purchase_id=purchase_id, receipt_no=receipt)


def give_back(counter: Counter, args: argparse.Namespace) -> Answer:
    """Never more of a line than was bought."""
    currency = args.currency or counter.settings().currency
    made = ops.RecordReturn(
        return_id=counter.new_id(),
        member_id=args.member,
        purchase_id=args.purchase,
        currency=currency,
        lines=tuple(_return_line(text, currency) for text in args.line),
        reason=args.reason,
    )
    return record(counter, made, return_id=made.return_id)


def claim(counter: Counter, args: argparse.Namespace) -> Answer:
    """Now, or when the sale arrives."""
    return record(counter, ops.ClaimSale(member_id=args.member, receipt_no=args.receipt))


def _sale_line(text: str, number: int, currency: str) -> ops.SaleLine:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) not in (3, 4) or not parts[0]:
        raise Refused("usage", text="--line is NAME;QTY;AMOUNT or NAME;QTY;AMOUNT;SKU")
    sku = parts[3] if len(parts) == 4 else ""
    return ops.SaleLine(
        line_no=number, name=parts[0], qty=_count(parts[1]), amount_minor=parse_minor(parts[2], currency), sku=sku
    )


def _return_line(text: str, currency: str) -> ops.ReturnLine:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) != 3:
        raise Refused("usage", text="--line is LINE;QTY;AMOUNT")
    return ops.ReturnLine(
        line_no=_count(parts[0]), qty=_count(parts[1]), amount_minor=parse_minor(parts[2], currency)
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise Refused("usage", text="a line and a quantity are whole numbers")
    return int(text)


def _staff_id(counter: Counter, number: str) -> str:
    with counter.read() as conn:
        found = [person.id for person in list_staff(conn) if person.number == number]
    if not found:
        raise Refused("not_found", what="staff")
    return found[0]
