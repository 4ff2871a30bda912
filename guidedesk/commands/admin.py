"""`guidedesk admin`: setting up a chain at the machine of its server (COMMANDS.md)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from guidedesk.commands import admin_actions as actions
from guidedesk.commands import admin_coupons as coupon_actions
from guidedesk.commands import admin_gatherings as gathering_actions
from guidedesk.commands import admin_money as money
from guidedesk.commands import admin_orders as order_actions
from guidedesk.commands import admin_points as point_actions
from guidedesk.commands import admin_team as team_actions
from guidedesk.commands import admin_unsent

Action = Callable[[argparse.Namespace], int]


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `admin`."""
    admin = sub.add_parser("admin", help="set up a chain: schema, stores, staff, devices")
    areas = admin.add_subparsers(dest="area", required=True, metavar="AREA")
    _leaf(areas, "init", "make the schema, the keys and the secrets file", actions.init, "admin init")
    restored = _leaf(
        areas, "restored", "the database was brought back from a backup", actions.restored,
        "admin restored --reason 'disk failed'",
    )  # fmt: skip
    restored.add_argument("--reason", required=True, metavar="TEXT")
    backup = _leaf(areas, "backup", "the whole chain into one sealed file", actions.backup,
                   "admin backup --out monday.gdbackup")  # fmt: skip
    backup.add_argument("--out", required=True, type=Path, metavar="FILE", help="a new file")
    restore = _leaf(areas, "restore", "a backup into an empty database", actions.restore,
                    "admin restore monday.gdbackup")  # fmt: skip
    restore.add_argument("file", type=Path, metavar="FILE")
    _leaf(areas, "metrics-token", "what a watching program shows to read /metrics", actions.metrics_token,
          "admin metrics-token")  # fmt: skip
    unsent = _leaf(areas, "import-unsent", "what a counter could not send itself, from its sealed file",
                   admin_unsent.import_file, "admin import-unsent counter.gdunsent")  # fmt: skip
    unsent.add_argument("file", type=Path, metavar="FILE", help="as `counter export-unsent` wrote it")
    store = _area(areas, "store", "the stores")
    add = _leaf(store, "add", "open a store", actions.store_add, "admin store add S1 一店 --name-en 'First store'")
    add.add_argument("code", metavar="CODE")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--name-en", metavar="NAME", help="its English name; NAME when left out")
    fresh = _leaf(
        store, "code", "a new code for its posters; the old one no longer works", actions.store_code,
        "admin store code S1",
    )  # fmt: skip
    fresh.add_argument("code", metavar="CODE")
    _leaf(store, "list", "every store", actions.store_list, "admin store list")
    _add_staff(_area(areas, "staff", "the people who sell"))
    _add_devices(_area(areas, "device", "the counters"))
    member = _area(areas, "member", "the people who buy")
    move = _leaf(member, "move", "another home store", actions.member_move, "admin member move ID --store S2")
    move.add_argument("member", metavar="ID")
    move.add_argument("--store", required=True, metavar="STORE", help="code or id of the new home")
    split = _leaf(
        member, "split", "two people were taken for one by their phone", actions.member_split,
        "admin member split ID --reason 'mother and daughter'",
    )  # fmt: skip
    split.add_argument("member", metavar="ID", help="the later one, whose registration was answered as merged")
    split.add_argument("--reason", required=True, metavar="TEXT")
    erase = _leaf(
        member, "erase", "she asked that nothing personal of hers is kept; cannot be taken back", actions.member_erase,
        "admin member erase ID --reason 'her letter of 3 May'",
    )  # fmt: skip
    erase.add_argument("member", metavar="ID")
    erase.add_argument("--reason", required=True, metavar="TEXT", help="for the audit log; without her name")
    _add_coupons(_area(areas, "coupon", "what associates may give"))
    _add_points(_area(areas, "points", "what members earn and spend"))
    _add_gatherings(_area(areas, "gathering", "what members are invited to"))
    _add_orders(_area(areas, "orders", "sales that nobody is known for"))
    _add_sources(_area(areas, "source", "programs that push orders"))
    config = _area(areas, "config", "the chain's settings")
    change = _leaf(config, "set", "store settings from a JSON file", money.config_set, "admin config set chain.json")
    told = 'a JSON object such as {"window_days": "15"} or {"effective_from": "2026-03-01", "commission": {...}}, or -'
    change.add_argument("file", metavar="FILE", help=told)
    _leaf(config, "show", "every setting", money.config_show, "admin config show")
    audit = _area(areas, "audit", "the audit log")
    verify = _leaf(audit, "verify", "check every entry's hash", money.audit_verify, "admin audit verify")
    verify.add_argument("--replay", action="store_true", help="also compute every sealed month again from its events")
    key = _area(areas, "key", "what codes are signed with")
    rotate = _leaf(key, "rotate", "turn to the next key", actions.key_rotate, "admin key rotate")
    rotate.add_argument("--emergency", action="store_true", help="and believe nothing signed before")
    plan = _area(areas, "plan", "what is paid for sales")
    publish = _leaf(plan, "publish", "a new version of a plan", money.plan_publish, "admin plan publish plan.json")
    publish.add_argument("file", metavar="FILE", help="a plan version of COMMISSION.md 0, or - for stdin")
    _leaf(plan, "list", "every version", money.plan_list, "admin plan list")
    team = _area(areas, "team", "the Team board")
    _leaf(team, "rebuild", "make its figures anew", team_actions.team_rebuild, "admin team rebuild")
    month = _area(areas, "month", "closing months")
    close = _leaf(month, "close", "seal a month for good", money.month_close, "admin month close 2026-03")
    close.add_argument("period", metavar="MONTH", help="such as 2026-03")
    why = "close it although something is provisional, disputed or not confirmed"
    close.add_argument("--reason", metavar="TEXT", help=why)
    look = _leaf(month, "preview", "what closing would do", money.month_preview, "admin month preview 2026-03")
    look.add_argument("period", metavar="MONTH")


def _add_staff(staff: argparse._SubParsersAction[Any]) -> None:
    add = _leaf(
        staff, "add", "somebody begins", actions.staff_add, "admin staff add 1001 林晓 --role associate --store S1"
    )
    add.add_argument("number", metavar="NUMBER")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--name-en", metavar="NAME", help="her English name; NAME when left out")
    add.add_argument("--role", default="associate", metavar="ROLE", help="associate, manager, area_manager or admin")
    add.add_argument("--store", required=True, metavar="STORE", help="code or id")
    add.add_argument("--pin-stdin", action="store_true", help="read her 6-digit PIN from standard input")
    role = _leaf(staff, "role", "another role", actions.staff_role, "admin staff role 1001 manager")
    role.add_argument("number", metavar="NUMBER")
    role.add_argument("role", metavar="ROLE")
    pin = _leaf(staff, "pin", "a new PIN", actions.staff_pin, "admin staff pin 1001 --pin-stdin < pin.txt")
    pin.add_argument("number", metavar="NUMBER")
    pin.add_argument("--pin-stdin", action="store_true", required=True, help="read it from standard input")
    told = "her own phone, so that a bind of herself is seen; an empty line: none"
    example = "admin staff phone 1001 --phone-stdin < phone.txt"
    phone = _leaf(staff, "phone", told, actions.staff_phone, example)
    phone.add_argument("number", metavar="NUMBER")
    phone.add_argument("--phone-stdin", action="store_true", required=True, help="read it from standard input")
    told = "a new code of hers, or with --signed a new staff badge; the old one no longer works"
    badge = _leaf(staff, "badge", told, actions.staff_badge, "admin staff badge 1001")
    badge.add_argument("number", metavar="NUMBER")
    signed = "her signed staff badge: scanned at a counter it picks her, and her PIN is asked for still"
    badge.add_argument("--signed", action="store_true", help=signed)
    leave = _leaf(staff, "leave", "she works here no longer", actions.staff_leave, "admin staff leave 1001")
    leave.add_argument("number", metavar="NUMBER")
    _leaf(staff, "list", "everybody", actions.staff_list, "admin staff list")


def _add_devices(device: argparse._SubParsersAction[Any]) -> None:
    approve = _leaf(
        device, "approve", "let a counter in", actions.device_approve, "admin device approve BCDF-GHJK --store S1"
    )
    approve.add_argument("code", metavar="CODE", help="as the counter shows it")
    approve.add_argument("--store", required=True, metavar="STORE", help="code or id")
    approve.add_argument("--label", metavar="TEXT", help="what to call it")
    unlock = _leaf(
        device, "unlock", "let codes be typed again after five wrong ones", actions.device_unlock, "admin device unlock"
    )
    unlock.add_argument("--manager", metavar="NUMBER", help="whose codes; the command line's own when left out")
    _leaf(device, "list", "every counter", actions.device_list, "admin device list")
    release = _leaf(
        device, "release", "end a counter's quarantine", actions.device_release,
        "admin device release ID --accept --reason 'the real one'",
    )  # fmt: skip
    release.add_argument("device", metavar="ID")
    verdict = release.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--accept", action="store_true", help="carry out what waits, and let it work again")
    verdict.add_argument("--reject", action="store_true", help="refuse what waits; the counter stays off")
    release.add_argument("--reason", required=True, metavar="TEXT")
    release.add_argument("--operation", metavar="ID", help="only this one; the counter stays as it is")
    revoke = _leaf(
        device, "revoke", "take a counter off", actions.device_revoke, "admin device revoke ID --drain --reason sold"
    )
    revoke.add_argument("device", metavar="ID")
    how = revoke.add_mutually_exclusive_group(required=True)
    drain = "it sends what it holds for a manager to look at, and forgets everything after 72 hours"
    how.add_argument("--drain", action="store_true", help=drain)
    now = "it forgets everything at its next contact, after sending what it can"
    how.add_argument("--now", action="store_true", help=now)
    revoke.add_argument("--reason", metavar="TEXT", help="asked for when left out, after the unsent count is shown")


def _add_coupons(coupon: argparse._SubParsersAction[Any]) -> None:
    put = _leaf(coupon, "put", "offer coupons, or change an offer", coupon_actions.put, "admin coupon put autumn.json")
    put.add_argument("file", metavar="FILE", help="JSON, - for standard input; docs/coupons.md says what stands in it")
    _leaf(coupon, "list", "what may be given now", coupon_actions.listed, "admin coupon list")
    _leaf(
        coupon, "conflicts", "coupons that turned up twice", coupon_actions.conflicts, "admin coupon conflicts"
    )


def _add_points(points: argparse._SubParsersAction[Any]) -> None:
    publish = _leaf(
        points, "publish", "a new version of the rules", point_actions.publish, "admin points publish points.json"
    )
    publish.add_argument("file", metavar="FILE", help="JSON, - for standard input; docs/points.md says what is in it")
    _leaf(points, "list", "every version of the rules", point_actions.listed, "admin points list")
    check = _leaf(
        points, "check", "tell the ledger once more from the facts", point_actions.check, "admin points check"
    )
    check.add_argument("--mend", action="store_true", help="enter first what is missing")


def _add_gatherings(gathering: argparse._SubParsersAction[Any]) -> None:
    add = _leaf(
        gathering, "add", "invite members to something at a store", gathering_actions.add,
        "admin gathering add --store S1 --title 羊绒护理课 --at '2026-11-28 14:00' --minutes 90 --seats 12",
    )  # fmt: skip
    add.add_argument("--store", required=True, metavar="STORE", help="code or id")
    add.add_argument("--title", required=True, metavar="TEXT")
    add.add_argument("--title-en", metavar="TEXT", help="in English; TITLE when left out")
    add.add_argument("--topic", metavar="TEXT", help="what it is about")
    add.add_argument("--topic-en", metavar="TEXT")
    add.add_argument("--place", metavar="TEXT", help="where in the store, or elsewhere")
    add.add_argument("--host", metavar="NUMBER", help="staff number of whoever knows the topic")
    add.add_argument("--at", required=True, metavar="TIME", help="2026-11-28 14:00, on the chain's clocks")
    add.add_argument("--minutes", type=int, default=60, metavar="N", help="how long (default 60)")
    add.add_argument("--seats", type=int, required=True, metavar="N")
    told = "every one of a store"
    listed = _leaf(gathering, "list", told, gathering_actions.listed, "admin gathering list --store S1")
    listed.add_argument("--store", required=True, metavar="STORE", help="code or id")
    for name, text, action in (
        ("show", "who signed up", gathering_actions.show),
        ("cancel", "it does not take place", gathering_actions.cancel),
    ):
        leaf = _leaf(gathering, name, text, action, f"admin gathering {name} ID --store S1")
        leaf.add_argument("gathering", metavar="ID")
        leaf.add_argument("--store", required=True, metavar="STORE", help="code or id")


def _add_orders(orders: argparse._SubParsersAction[Any]) -> None:
    unmatched = _leaf(
        orders, "unmatched", "sales without a member, and why", order_actions.unmatched, "admin orders unmatched"
    )
    unmatched.add_argument("--store", metavar="STORE", help="code or id; every store and the online scope if left out")
    unmatched.add_argument("--limit", type=int, default=50, metavar="N", help="how many to list a store (default 50)")
    unmatched.add_argument("--all", action="store_true", help="those as well that named nobody")
    match = _leaf(
        orders, "match", "say whose a sale is", order_actions.match, "admin orders match ID --member 123456789012"
    )
    match.add_argument("sale", metavar="ID", help="as `unmatched` lists it")
    match.add_argument("--member", required=True, metavar="WHO", help="card number or member id")


def _add_sources(source: argparse._SubParsersAction[Any]) -> None:
    for name, text, action in (
        ("add", "let a program push orders, and show its secret", order_actions.source_add),
        ("rotate", "a new secret; the old one counts seven days more", order_actions.source_rotate),
        ("off", "it may push no longer", order_actions.source_off),
    ):
        leaf = _leaf(source, name, text, action, f"admin source {name} shop1")
        leaf.add_argument("name", metavar="NAME", help="small letters and digits")
    _leaf(source, "list", "every program", order_actions.source_list, "admin source list")


def _area(areas: argparse._SubParsersAction[Any], name: str, text: str) -> argparse._SubParsersAction[Any]:
    parser: argparse.ArgumentParser = areas.add_parser(name, help=text)
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def _leaf(
    area: argparse._SubParsersAction[Any], name: str, text: str, action: Action, example: str
) -> argparse.ArgumentParser:
    place = "--database sqlite:///server.db --secrets secrets.json"
    parser: argparse.ArgumentParser = area.add_parser(name, help=text, epilog=f"example: guidedesk {example} {place}")
    parser.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE or postgresql://...")
    parser.add_argument("--secrets", required=True, type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=action)
    return parser
