"""Actions of `guidedesk counter` about a member: edit, consent, bind, and taking back what was just done."""

from __future__ import annotations

import argparse
from typing import Any

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.commands.counter_recording import record
from guidedesk.commands.counter_session import kept_session
from guidedesk.commands.output import Answer
from guidedesk.domain.errors import Refused
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.services import operations as ops
from guidedesk.services.queries.reference import find_associate_by_code
from guidedesk.sync.counter import Counter


def add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    """Their options."""
    edit = actions.add_parser("edit", help="change a member's details; an empty text takes one off")
    edit.add_argument("--member", required=True, metavar="ID")
    edit.add_argument("--name", metavar="N")
    edit.add_argument("--birthday", metavar="MM-DD")
    edit.add_argument("--phone", metavar="P")
    consent = actions.add_parser("consent", help="a member's answer for one purpose")
    consent.add_argument("--member", required=True, metavar="ID")
    consent.add_argument("--purpose", required=True, choices=CONSENT_PURPOSES, metavar="PURPOSE")
    answer = consent.add_mutually_exclusive_group(required=True)
    answer.add_argument("--give", action="store_true")
    answer.add_argument("--withdraw", action="store_true")
    bind = actions.add_parser("bind", help="she scanned an associate's code here, or was registered here")
    bind.add_argument("--member", required=True, metavar="ID")
    how = bind.add_mutually_exclusive_group(required=True)
    how.add_argument("--code", metavar="TEXT", help="the associate's code as the scanner says it")
    how.add_argument("--registered", action="store_true", help="by whoever is signed in, at this store")
    undo = actions.add_parser("undo", help="take back an interaction or the end of a follow-up, seconds later")
    undo.add_argument("op_id", metavar="OP_ID")


def edit(counter: Counter, args: argparse.Namespace) -> Answer:
    """Only what is named changes."""
    changed = tuple(name for name in ops.EDITABLE if getattr(args, name) is not None)
    if not changed:
        raise Refused("usage", text="edit needs --name, --birthday or --phone")
    phone = counter.phone_fields(args.phone) if args.phone else {}
    operation = ops.EditMember(
        member_id=args.member, fields=changed, name=args.name, birthday=args.birthday or None, **phone
    )
    return record(counter, operation)


def consent(counter: Counter, args: argparse.Namespace) -> Answer:
    """Given or withdrawn."""
    return record(counter, ops.SetConsent(member_id=args.member, purpose=args.purpose, is_given=args.give))


def bind(counter: Counter, args: argparse.Namespace) -> Answer:
    """Pending until the server says whose she is."""
    session = kept_session(counter)
    binding_id = counter.new_id()
    if args.registered:
        made = ops.BindMember(
            binding_id=binding_id, member_id=args.member, associate_id=session.actor.id, source="registered"
        )
        return record(counter, made, binding_id=binding_id)
    digits, associate_id = _scanned(counter, args.code)
    made = ops.BindMember(
        binding_id=binding_id,
        member_id=args.member,
        associate_id=associate_id,
        source="scanned",
        code_digits=digits,
        channel="command",
    )
    return record(counter, made, assurance=1, binding_id=binding_id, associate_id=associate_id)


def undo(counter: Counter, args: argparse.Namespace) -> Answer:
    """What the same person did a moment ago."""
    changes = counter.retract(args.op_id, kept_session(counter))
    return Answer(counter.records.latest(1)[0].op_id, "queued", sorted(changes.kinds))


def _scanned(counter: Counter, text: str) -> tuple[str, str]:
    found = decode(text)
    if not isinstance(found, CodeOk):
        raise Refused("scan_refused", reason=found.reason.value)
    if found.type is not CodeType.ASSOCIATE:
        raise Refused("scan_other_kind", kind=found.type.value)
    with counter.read() as conn:
        associate_id = find_associate_by_code(conn, found.digits, counter.now_ms())
    if associate_id is None:
        raise Refused("scan_unknown")
    return found.digits, associate_id
