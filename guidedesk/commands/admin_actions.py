"""What `guidedesk admin` does: each action asks one function of the server and prints what came of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guidedesk.commands.output import read_pin
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import iso_utc
from guidedesk.server import chain, devices, home_moves
from guidedesk.server.backup import restore_backup, write_backup
from guidedesk.server.code_keys import rotate_keys
from guidedesk.server.context import ServerContext, SystemClock, SystemRandom
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.enrolment import approve_device
from guidedesk.server.enrolment_guesses import lift_code_lock
from guidedesk.server.erasures import erase_member
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.merges import void_merge
from guidedesk.server.quarantine import release_device
from guidedesk.server.restored import begin_new_epoch
from guidedesk.server.schema import check_schema, create_schema
from guidedesk.server.secrets import ServerSecrets, load_secrets, new_secrets, write_secrets
from guidedesk.server.staff import NewStaff, StaffOffice
from guidedesk.sync.orders import OrderMode


@dataclass(frozen=True, slots=True)
class Desk:
    """The opened chain."""

    database: ServerDatabase
    secrets: ServerSecrets
    clock: SystemClock
    random: SystemRandom

    @property
    def office(self) -> StaffOffice:
        """Who changes the people who sell."""
        return StaffOffice(self.database, self.secrets, self.clock, self.random)


@contextmanager
def open_desk(args: argparse.Namespace) -> Iterator[Desk]:
    """The chain of the command line's options."""
    secrets = load_secrets(args.secrets)
    database = open_server(args.database)
    try:
        check_schema(database)
        yield Desk(database, secrets, SystemClock(), SystemRandom())
    finally:
        database.close()


def say(args: argparse.Namespace, document: Any, sentence: str) -> int:
    """Print the document or the sentence; 0."""
    text = json.dumps(document, ensure_ascii=False, indent=1) if args.json else sentence
    sys.stdout.write(text.rstrip("\n") + "\n")
    return 0


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], nothing: str) -> str:
    """Rows as lines of text, or what to say where there are none."""
    if not rows:
        return nothing
    return "\n".join("  ".join("" if row[c] is None else str(row[c]) for c in columns) for row in rows)


def metrics_token(args: argparse.Namespace) -> int:
    """The token for `/metrics`; the database is not asked."""
    token = load_secrets(args.secrets).metrics_token()
    return say(args, {"token": token}, token)


def init(args: argparse.Namespace) -> int:
    """Schema, chain scope and secrets; keeps a secrets file that is already there and good."""
    path: Path = args.secrets
    is_new = not path.exists()
    database = open_server(args.database)
    random = SystemRandom()
    try:
        if is_new:
            write_secrets(path, new_secrets(random))
        load_secrets(path)
        create_schema(database)
        chain_id = chain.init_chain(database, SystemClock(), random)
    finally:
        database.close()
    made = "made" if is_new else "kept"
    return say(
        args,
        {"chain_id": chain_id, "secrets": made},
        f"The chain {chain_id} is ready; the secrets file was {made}. Keep a copy of it apart from the database.",
    )


def restored(args: argparse.Namespace) -> int:
    """Tell every counter, at its next contact, that the database is an older one than it knew."""
    with open_desk(args) as desk:
        count = begin_new_epoch(desk.database, args.reason, desk.clock)
    told = "Counters fetch their data anew and send again what is missing here"
    return say(args, {"scopes": count}, f"{count} scopes begin anew. {told}; nothing is counted twice.")


def backup(args: argparse.Namespace) -> int:
    """Everything as of now into one file, beside a server that works."""
    with open_desk(args) as desk:
        made = write_backup(desk.database, desk.secrets, args.out, clock=desk.clock, random=desk.random)
    told = "Only the secrets file opens it: keep a copy of that somewhere else"
    return say(args, asdict(made) | {"file": str(args.out)}, f"{made.rows} rows are in {args.out}. {told}.")


def restore(args: argparse.Namespace) -> int:
    """A backup into a database that is empty; counters then send again what it does not hold."""
    secrets = load_secrets(args.secrets)
    database = open_server(args.database)
    try:
        made = restore_backup(database, secrets, args.file, SystemClock())
    finally:
        database.close()
    told = "At their next contact counters fetch their data anew and send again what is missing here"
    sentence = f"{made.rows} rows of {iso_utc(made.taken_at_ms)} are back. {told}; nothing is counted twice."
    return say(args, asdict(made), sentence)


def store_add(args: argparse.Namespace) -> int:
    """Open a store."""
    with open_desk(args) as desk:
        english = args.name_en or args.name
        store_id = chain.add_store(desk.database, args.code, args.name, english, clock=desk.clock, random=desk.random)
    return say(args, {"id": store_id, "code": args.code}, f"Store {args.code} is open: {store_id}.")


def store_code(args: argparse.Namespace) -> int:
    """A new code for a store; `guidedesk code render` makes its picture."""
    with open_desk(args) as desk:
        store_id = chain.get_store(desk.database, args.code)
        digits = chain.renew_store_code(desk.database, store_id, clock=desk.clock, random=desk.random)
    return say(args, {"code": args.code, "digits": digits}, f"The code of store {args.code} is {digits}.")


def store_list(args: argparse.Namespace) -> int:
    """Every store."""
    with open_desk(args) as desk:
        stores = chain.list_stores(desk.database)
    return say(args, {"stores": stores}, table(stores, ("code", "name", "name_en", "id"), "No store yet."))


def staff_add(args: argparse.Namespace) -> int:
    """Somebody begins; her PIN too when given."""
    pin = read_pin() if args.pin_stdin else None
    with open_desk(args) as desk:
        store_id = chain.get_store(desk.database, args.store)
        person = NewStaff(
            number=args.number, name=args.name, name_en=args.name_en or args.name, role=args.role, store_id=store_id
        )
        staff_id = desk.office.add(person)
        if pin is not None:
            desk.office.set_pin(args.number, pin)
    hint = "" if pin is not None else " She needs a PIN: guidedesk admin staff pin."
    return say(args, {"id": staff_id, "number": args.number}, f"Staff {args.number} is added: {staff_id}.{hint}")


def staff_role(args: argparse.Namespace) -> int:
    """Another role."""
    with open_desk(args) as desk:
        desk.office.change_role(args.number, args.role)
    return say(args, {"number": args.number, "role": args.role}, f"Staff {args.number} is {args.role} now.")


def staff_pin(args: argparse.Namespace) -> int:
    """A new PIN, from standard input."""
    pin = read_pin()
    with open_desk(args) as desk:
        desk.office.set_pin(args.number, pin)
    return say(args, {"number": args.number}, f"Staff {args.number} has a new PIN.")


def staff_phone(args: argparse.Namespace) -> int:
    """Her own phone, from standard input; only a hash of it is kept."""
    phone = sys.stdin.readline().strip()
    with open_desk(args) as desk:
        desk.office.set_phone(args.number, phone)
    told = "is known by her phone: her bind of herself is flagged." if phone else "is known by no phone any more."
    return say(args, {"number": args.number, "has_phone": bool(phone)}, f"Staff {args.number} {told}")


def staff_badge(args: argparse.Namespace) -> int:
    """A new code of hers, or a signed staff badge; `guidedesk code render` makes the picture."""
    with open_desk(args) as desk:
        digits = desk.office.staff_badge(args.number) if args.signed else desk.office.new_badge(args.number)
    found = {"number": args.number, "badge": digits, "signed": bool(args.signed)}
    return say(args, found, f"The badge of staff {args.number} is {digits}.")


def staff_leave(args: argparse.Namespace) -> int:
    """She works here no longer."""
    with open_desk(args) as desk:
        desk.office.leave(args.number)
    return say(args, {"number": args.number}, f"Staff {args.number} has left.")


def staff_list(args: argparse.Namespace) -> int:
    """Everybody."""
    with open_desk(args) as desk:
        people = chain.list_staff(desk.database)
    columns = ("number", "name", "name_en", "role", "store_id", "is_active")
    return say(args, {"staff": people}, table(people, columns, "Nobody yet."))


def device_approve(args: argparse.Namespace) -> int:
    """Let the counter in that shows this code."""
    with open_desk(args) as desk:
        approved = approve_device(
            desk.database,
            desk.secrets,
            desk.random,
            code=args.code,
            store_id=chain.get_store(desk.database, args.store),
            actor=None,
            now_ms=desk.clock.wall_ms(),
            label=args.label,
        )
    return say(
        args,
        asdict(approved),
        f"{approved.label} ({approved.host}) is in: {approved.device_id}.\n"
        f"Its fingerprint must read the same on its screen: {approved.fingerprint}",
    )


def device_unlock(args: argparse.Namespace) -> int:
    """Somebody looked into the wrong codes."""
    with open_desk(args) as desk:
        manager_id = desk.office.id_of(args.manager) if args.manager else None
        lift_code_lock(desk.database, manager_id, desk.clock.wall_ms())
    return say(args, {"manager": args.manager}, "Codes may be typed again.")


def device_list(args: argparse.Namespace) -> int:
    """Every counter."""
    with open_desk(args) as desk:
        found = devices.list_devices(desk.database)
    return say(args, {"devices": found}, table(found, ("id", "label", "state", "store_id"), "No counter yet."))


def device_revoke(args: argparse.Namespace) -> int:
    """Take a counter off."""
    with open_desk(args) as desk:
        mode: OrderMode = "drain" if args.drain else "now"
        known = devices.find_device(desk.database, args.device)
        reason = args.reason or _ask_why(known, mode)
        done = devices.revoke_device(desk.database, args.device, mode, reason, desk.clock)
    return say(args, done, f"Counter {args.device} is {done['state']}. It last reported {_unsent(done)}.")


def _ask_why(known: Mapping[str, Any], mode: OrderMode) -> str:
    """Say what is at stake before the reason is given."""
    if mode == "now":
        at_stake = (
            "what it cannot send at its next contact is lost; save it first there with the sealed file of the sync "
            "centre (guidedesk counter export-unsent), or use --drain"
        )
    else:
        at_stake = "it sends them before it forgets"
    sys.stderr.write(f"Counter {known['label']} last reported {_unsent(known)}; {at_stake}.\nReason: ")
    sys.stderr.flush()
    reason = sys.stdin.readline().strip()
    if not reason:
        raise Refused("reason_missing")
    return reason


def _unsent(known: Mapping[str, Any]) -> str:
    count = known["reported_unsent"]
    return f"{'an unknown number of' if count is None else count} unsent operations"


def member_move(args: argparse.Namespace) -> int:
    """Another store becomes a member's home."""
    with open_desk(args) as desk:
        store_id = chain.get_store(desk.database, args.store)
        home_moves.move_home(desk.database, args.member, store_id, desk.clock.wall_ms())
    return say(args, {"member": args.member, "home": store_id}, f"{args.store} is the home of {args.member} now.")


def device_release(args: argparse.Namespace) -> int:
    """End a counter's quarantine."""
    with open_desk(args) as desk:
        context = ServerContext.create(desk.database, desk.secrets, desk.clock, desk.random, UNLIMITED)
        done = release_device(context, args.device, is_accepted=args.accept, reason=args.reason, only=args.operation)
    told = ", ".join(f"{count} {status}" for status, count in sorted(done.counts.items())) or "nothing waited"
    return say(args, asdict(done), f"Counter {args.device} is {done.state}: {told}.")


def key_rotate(args: argparse.Namespace) -> int:
    """Sign codes with the next key."""
    with open_desk(args) as desk:
        made = rotate_keys(desk.database, desk.secrets, desk.clock.wall_ms(), is_emergency=args.emergency)
    gone = " Nothing the key before it signed counts any more." if args.emergency else ""
    told = f"Codes are signed with key {made['current']} from now on; counters hear of it with their next sync.{gone}"
    return say(args, {"current": made["current"], "counter": made["counter"], "keys": made["keys"]}, told)


def member_split(args: argparse.Namespace) -> int:
    """Take back a merge by phone."""
    with open_desk(args) as desk:
        other = void_merge(desk.database, args.member, reason=args.reason, now_ms=desk.clock.wall_ms())
    text = f"{args.member} is a member of her own again. The phone number stays with {other}."
    return say(args, {"id": args.member, "from": other}, text)


def member_erase(args: argparse.Namespace) -> int:
    """Erase what says who a member is, everywhere."""
    with open_desk(args) as desk:
        done = erase_member(desk.database, args.member, reason=args.reason, now_ms=desk.clock.wall_ms())
    text = (
        f"{args.member} is erased here (number {done.serial}). Each counter follows at its next sync; what was bought "
        "stays without a name."
    )
    return say(args, {"member": args.member, "serial": done.serial, "ids": list(done.member_ids)}, text)
