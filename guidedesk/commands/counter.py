"""`guidedesk counter`: the services behind the window, for scripts and for support."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from guidedesk.commands import counter_members, counter_sales, counter_unsent
from guidedesk.commands.counter_recording import record
from guidedesk.commands.counter_scan import scan
from guidedesk.commands.counter_session import forget_session, keep_session, kept_session
from guidedesk.commands.output import Answer, print_answer, read_pin
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.services import operations as ops
from guidedesk.services.queries.follow_ups import list_follow_ups
from guidedesk.services.queries.history import month_totals
from guidedesk.services.queries.members import find_member_by_card_no, find_member_by_code, get_member_card
from guidedesk.services.queries.reference import list_staff
from guidedesk.services.queries.search import list_members
from guidedesk.sync.counter import Counter
from guidedesk.sync.enrol_client import Enrolment
from guidedesk.sync.open_counter import forget_secret, open_counter, restore_recovery, save_recovery
from guidedesk.sync.orders import TakenOff
from guidedesk.sync.unsent import check_unsent
from guidedesk.sync.wipe import wipe_counter

SYNC_ROUNDS: Final = 40


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `counter`."""
    parser = sub.add_parser(
        "counter",
        help="the counter's actions without a window",
        epilog="example: guidedesk counter --profile DIR --demo-key --json scan 1234567890123456789012",
    )
    parser.add_argument("--profile", type=Path, required=True, metavar="DIR", help="the counter's folder")
    parser.add_argument("--demo-key", action="store_true", help="key in a file: invented people only")
    parser.add_argument("--lang", choices=("zh_CN", "en"), default="en", help="language of sentences")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_actions(actions)
    parser.set_defaults(run=run)


def _add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    enrol = actions.add_parser("enrol", help="ask to be let in; waits for a manager")
    enrol.add_argument("--server", required=True, metavar="URL")
    enrol.add_argument("--label", default="", metavar="L")
    signin = actions.add_parser("signin", help="sign somebody in; kept until signout or 15 minutes")
    signin.add_argument("--staff", required=True, metavar="N")
    signin.add_argument("--pin-stdin", action="store_true", required=True)
    signout = actions.add_parser("signout", help="end the session; refused while something was not sent")
    told = "sign out all the same: it stays on this PC, which goes on sending it"
    signout.add_argument("--keep-unsent", action="store_true", help=told)
    actions.add_parser("scan", help="what the scanner would say").add_argument("text", metavar="TEXT")
    register = actions.add_parser("register", help="a new member")
    register.add_argument("--name", required=True)
    register.add_argument("--phone")
    register.add_argument("--birthday", metavar="MM-DD")
    register.add_argument("--consent", action="append", default=[], choices=CONSENT_PURPOSES, metavar="PURPOSE")
    log = actions.add_parser("log", help="log an interaction")
    log.add_argument("--member", required=True, metavar="ID")
    log.add_argument("--kind", required=True, choices=ops.INTERACTION_KINDS)
    log.add_argument("--outcome", required=True, choices=ops.OUTCOMES)
    log.add_argument("--note", default="")
    log.add_argument("--follow-up", metavar="DATE")
    served = actions.add_parser("served", help="served, left without buying")
    served.add_argument("--member", required=True, metavar="ID")
    tag = actions.add_parser("tag", help="add or remove a tag")
    tag.add_argument("--member", required=True, metavar="ID")
    change = tag.add_mutually_exclusive_group(required=True)
    change.add_argument("--add", metavar="T")
    change.add_argument("--remove", metavar="T")
    follow = actions.add_parser("follow-up", help="promise a contact, finish, cancel or hand one over")
    follow.add_argument("--member", metavar="ID")
    follow.add_argument("--due", metavar="DATE")
    follow.add_argument("--text", default="")
    ending = follow.add_mutually_exclusive_group()
    ending.add_argument("--done", metavar="ID")
    ending.add_argument("--cancel", metavar="ID")
    ending.add_argument("--reassign", metavar="ID")
    follow.add_argument("--to", metavar="N", help="staff number of who takes it over")
    counter_members.add_actions(actions)
    counter_sales.add_actions(actions)
    counter_unsent.add_actions(actions)
    actions.add_parser("sync", help="send and fetch until there is no more")
    save = actions.add_parser("recovery-save", help="print this PC's key, wrapped under a manager's passphrase")
    save.add_argument("--passphrase-stdin", action="store_true", required=True)
    restore = actions.add_parser("recovery-restore", help="put a lost key back")
    restore.add_argument("text", metavar="TEXT", help="what recovery-save printed")
    restore.add_argument("--passphrase-stdin", action="store_true", required=True)
    show = actions.add_parser("show", help="what this PC knows")
    show.add_argument("what", choices=("members", "member", "operations", "follow-ups", "staff", "status"))
    show.add_argument("id", nargs="?", metavar="ID")


def run(args: argparse.Namespace) -> int:
    """Do one action; 1 when it was refused, with the sentence."""
    if args.action in _KEY_ACTIONS:
        try:
            return print_answer(_KEY_ACTIONS[args.action](args), args)
        except GuideDeskError as error:
            return print_answer(Answer(error=error), args)
    try:
        counter = open_counter(args.profile, has_demo_key=args.demo_key)
    except GuideDeskError as error:
        return print_answer(Answer(error=error), args)
    try:
        return print_answer(_ACTIONS[args.action](counter, args), args)
    except GuideDeskError as error:
        return print_answer(Answer(error=error), args)
    finally:
        counter.close()


def _recovery_save(args: argparse.Namespace) -> Answer:
    text = save_recovery(args.profile, read_pin(), has_demo_key=args.demo_key)
    return Answer(state="saved", extra={"recovery": text})


def _recovery_restore(args: argparse.Namespace) -> Answer:
    restore_recovery(args.profile, args.text, read_pin(), has_demo_key=args.demo_key)
    return Answer(state="restored")


# Without the key the counter does not open, so these two come before opening it.
_KEY_ACTIONS: Final[dict[str, Callable[[argparse.Namespace], Answer]]] = {
    "recovery-save": _recovery_save,
    "recovery-restore": _recovery_restore,
}


def _enrol(counter: Counter, args: argparse.Namespace) -> Answer:
    if counter.is_enrolled:
        raise Refused("already_enrolled", label=counter.label)
    enrolment = Enrolment.begin(counter, args.server, args.label)
    sys.stderr.write(f"Code {enrolment.shown_code}   fingerprint {enrolment.fingerprint}\n")
    sys.stderr.write(f"A manager runs: guidedesk admin device approve {enrolment.shown_code} --store STORE\n")
    sys.stderr.flush()
    while not enrolment.poll():
        time.sleep(enrolment.next_poll_ms / 1000)
    return Answer(state="enrolled", extra={"device_id": counter.device_id, "store_id": counter.store_id})


def _sign_in(counter: Counter, args: argparse.Namespace) -> Answer:
    session = counter.sign_in(args.staff, read_pin())
    keep_session(counter, session)
    extra = {"session_id": session.session_id, "staff_id": session.staff.id, "online": session.is_online}
    return Answer(state="signed_in", extra=extra)


def _sign_out(counter: Counter, args: argparse.Namespace) -> Answer:
    session = kept_session(counter)
    if not args.keep_unsent:
        check_unsent(counter.journal, "sign_out")
    forget_session(counter)
    counter.sign_out(session)
    return Answer(state="signed_out")


def _register(counter: Counter, args: argparse.Namespace) -> Answer:
    code = counter.codes.take_blank()
    phone = counter.phone_fields(args.phone) if args.phone else {}
    member_id = counter.new_id()
    operation = ops.RegisterMember(
        member_id=member_id,
        name=args.name,
        birthday=args.birthday,
        code_digits=code[0] if code else None,
        code_typed=code[1] if code else None,
        consents=tuple((purpose, purpose in args.consent) for purpose in ("wechat", "sms", "personalised")),
        **phone,
    )
    answer = record(counter, operation)
    extra = {"member_id": member_id, "code": code[0] if code else None, "card_no": code[1] if code else None}
    return Answer(answer.op_id, answer.state, answer.changes, extra=extra)


def _log(counter: Counter, args: argparse.Namespace) -> Answer:
    interaction_id = counter.new_id()
    made: list[ops.Operation] = [
        ops.LogInteraction(
            interaction_id=interaction_id, member_id=args.member, kind=args.kind, outcome=args.outcome, note=args.note
        )
    ]
    if args.follow_up:
        made.append(
            ops.ScheduleFollowUp(
                follow_up_id=counter.new_id(),
                member_id=args.member,
                due_date=args.follow_up,
                interaction_id=interaction_id,
                text=args.note[:200],
            )
        )
    return record(counter, *made)


def _served(counter: Counter, args: argparse.Namespace) -> Answer:
    return record(counter, ops.ServedNoPurchase(interaction_id=counter.new_id(), member_id=args.member))


def _tag(counter: Counter, args: argparse.Namespace) -> Answer:
    return record(
        counter, ops.SetTag(member_id=args.member, is_on=args.add is not None, tag=args.add or args.remove)
    )


def _follow_up(counter: Counter, args: argparse.Namespace) -> Answer:
    chosen = args.done or args.cancel or args.reassign
    if chosen:
        return record(counter, _decision(counter, args, chosen))
    if not (args.member and args.due):
        raise Refused("usage", text="follow-up needs --member ID --due DATE, or --done, --cancel or --reassign ID")
    follow_up_id = counter.new_id()
    operation = ops.ScheduleFollowUp(
        follow_up_id=follow_up_id, member_id=args.member, due_date=args.due, text=args.text
    )
    answer = record(counter, operation)
    return Answer(answer.op_id, answer.state, answer.changes, extra={"follow_up_id": follow_up_id})


def _decision(counter: Counter, args: argparse.Namespace, follow_up_id: str) -> ops.Operation:
    with counter.read() as conn:
        found = [f for f in list_follow_ups(conn, counter.now_ms(), "UTC", is_open=False) if f.id == follow_up_id]
        colleagues = {person.number: person.id for person in list_staff(conn)}
    if not found:
        raise Refused("not_found", what="follow_up")
    about = {"follow_up_id": follow_up_id, "member_id": found[0].member_id}
    if args.done:
        return ops.CompleteFollowUp(**about, result=args.text)
    if args.cancel:
        return ops.CancelFollowUp(**about, reason=args.text)
    if not args.to:
        raise Refused("usage", text="--reassign needs --to STAFF_NUMBER")
    if args.to not in colleagues:
        raise Refused("not_found", what="staff")
    return ops.ReassignFollowUp(**about, from_id=found[0].associate_id, to_id=colleagues[args.to])


def _sync(counter: Counter, args: argparse.Namespace) -> Answer:
    kinds: set[str] = set()
    for _ in range(SYNC_ROUNDS):
        outcome = counter.engine.step()
        kinds |= outcome.changes.kinds
        if isinstance(outcome.error, TakenOff):
            wipe_counter(counter, lambda: forget_secret(args.profile, has_demo_key=args.demo_key))
            return Answer(state="wiped", changes=sorted(kinds), error=outcome.error)
        if outcome.error is not None:
            return Answer(state="waiting", changes=sorted(kinds), error=outcome.error)
        if not counter.status().waiting:
            return Answer(state="synced", changes=sorted(kinds), extra=_status(counter))
    return Answer(state="waiting", changes=sorted(kinds), extra=_status(counter))


def _status(counter: Counter) -> dict[str, Any]:
    status = counter.status()
    return {"waiting": status.waiting, "needs_person": status.needs_person, "last_contact_ms": status.last_contact_ms}


def _show(counter: Counter, args: argparse.Namespace) -> Answer:
    if args.what == "operations":
        return Answer(state="shown", extra={"operations": [asdict(entry) for entry in counter.records.latest(1000)]})
    if args.what == "status":
        return Answer(state="shown", extra=_status(counter))
    if args.what == "follow-ups" and args.id and not is_id(args.id):
        raise Refused("not_found", what="member")
    now_ms, zone = counter.now_ms(), counter.settings().zone
    with counter.read() as conn:
        if args.what == "members":
            return Answer(state="shown", extra={"members": [asdict(hit) for hit in list_members(conn)]})
        if args.what == "staff":
            return Answer(state="shown", extra={"staff": [asdict(person) for person in list_staff(conn)]})
        if args.what == "follow-ups":
            shown = list_follow_ups(conn, now_ms, zone, member_id=args.id, is_open=False)
            return Answer(state="shown", extra={"follow_ups": [asdict(item) for item in shown]})
        if not args.id:
            raise Refused("usage", text="show member needs an ID, a card number or a code")
        member_id = find_member_by_code(conn, args.id) or find_member_by_card_no(conn, args.id) or args.id
        card = get_member_card(conn, member_id, "", now_ms)
        months = {m: list(v) for m, v in month_totals(conn, card.member_id, zone).items()}
    return Answer(state="shown", extra={"member": asdict(card), "months": months})


_ACTIONS: Final[dict[str, Callable[[Counter, argparse.Namespace], Answer]]] = {
    "enrol": _enrol,
    "signin": _sign_in,
    "signout": _sign_out,
    "scan": scan,
    "register": _register,
    "log": _log,
    "served": _served,
    "tag": _tag,
    "follow-up": _follow_up,
    "edit": counter_members.edit,
    "consent": counter_members.consent,
    "bind": counter_members.bind,
    "undo": counter_members.undo,
    "sale": counter_sales.sale,
    "return": counter_sales.give_back,
    "claim": counter_sales.claim,
    "sync": _sync,
    "show": _show,
    **counter_unsent.ACTIONS,
}
