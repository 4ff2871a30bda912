"""What people do at a simulated counter: operations of every kind, about whom and what that counter knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from guidedesk.bench.simulation.machine import CAMPAIGN, CAMPAIGN_MINOR, Till, badge_of
from guidedesk.bench.simulation.schedule import Step
from guidedesk.bench.simulation.seen import SeenWorld
from guidedesk.domain.ids import from_bytes
from guidedesk.services.operations import (
    INTERACTION_KINDS,
    OUTCOMES,
    BindMember,
    CancelFollowUp,
    ClaimSale,
    CompleteFollowUp,
    EditMember,
    IssueCoupon,
    LogInteraction,
    Operation,
    ReassignFollowUp,
    RecordReturn,
    RecordSale,
    RecordVisit,
    RedeemCoupon,
    RegisterMember,
    Retract,
    ReturnLine,
    SaleLine,
    ScheduleFollowUp,
    ServedNoPurchase,
    SetConsent,
    SetTag,
)
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME

_NAMES: Final = ("沈知微", "林晚", "Ana Ruiz", "陆清")
_TAGS: Final = ("羊绒", "送礼", "老客")
_PURPOSES: Final = ("sms", "wechat", "phone")
_PHONES: Final = ("13800000001", "13800000002", "13800000003")
_RECEIPTS: Final = 6
Maker = Callable[[SeenWorld, Till, Step], Operation | None]


def member_of(till: Till, pick: int) -> str | None:
    """One of the members this counter's cache shows."""
    return _pick(till, "SELECT id FROM member WHERE deleted_at_ms IS NULL ORDER BY id", pick)


def _pick(till: Till, query: str, pick: int, *values: Any) -> str | None:
    rows = _shown(till, query, values)
    return from_bytes(bytes(rows[pick % len(rows)][0])) if rows else None


def _row(till: Till, query: str, pick: int, *values: Any) -> Any:
    rows = _shown(till, query, values)
    return rows[pick % len(rows)] if rows else None


def _shown(till: Till, query: str, values: tuple[Any, ...]) -> list[Any]:
    """Rows of the cache; none while there is no whole one."""
    return till.disk.rows(CACHE_NAME, query, values) or []


def _text(value: Any) -> str:
    return from_bytes(bytes(value))


def register(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A new person: with a card or without, with a number that may be somebody's, with her answers."""
    counter = till.counter
    phone = counter.phone_fields(_PHONES[step.a % 3]) if step.a % 4 else {}
    blank = counter.local.find_blank_code() if step.b % 3 else None
    card = {} if blank is None else {"code_digits": blank.digits, "code_typed": blank.typed}
    consents = (("sms", bool(step.c % 2)),) if step.c % 3 else ()
    return RegisterMember(
        member_id=counter.new_id(), name=_NAMES[step.c % len(_NAMES)], consents=consents, **card, **phone
    )


def edit(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """One or two fields of somebody."""
    member = member_of(till, step.a)
    if member is None:
        return None
    wanted = (("name",), ("birthday",), ("phone",), ("name", "birthday"))[step.b % 4]
    values: dict[str, Any] = {}
    if "name" in wanted:
        values["name"] = _NAMES[step.c % len(_NAMES)] + str(step.c % 5)
    if "birthday" in wanted and step.c % 4:
        values["birthday"] = f"0{step.c % 9 + 1}-1{step.c % 7}"
    if "phone" in wanted and step.c % 4:
        values |= till.counter.phone_fields(_PHONES[step.c % 3])
    return EditMember(member_id=member, fields=wanted, **values)


def consent(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """An answer."""
    member = member_of(till, step.a)
    purpose = _PURPOSES[step.b % 3]
    return None if member is None else SetConsent(member_id=member, purpose=purpose, is_given=bool(step.c % 2))


def tag(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A tag on or off."""
    member = member_of(till, step.a)
    return None if member is None else SetTag(member_id=member, is_on=bool(step.b % 3), tag=_TAGS[step.c % 3])


def visit(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """Her card was scanned."""
    member = member_of(till, step.a)
    return None if member is None else RecordVisit(visit_id=till.counter.new_id(), member_id=member)


def log(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A conversation."""
    member = member_of(till, step.a)
    if member is None:
        return None
    return LogInteraction(
        interaction_id=till.counter.new_id(),
        member_id=member,
        kind=INTERACTION_KINDS[step.b % len(INTERACTION_KINDS)],
        outcome=OUTCOMES[step.c % len(OUTCOMES)],
        note="好" * (step.c % 4),
    )


def served(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """Served, and left without buying."""
    member = member_of(till, step.a)
    return None if member is None else ServedNoPurchase(interaction_id=till.counter.new_id(), member_id=member)


def schedule(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A promise."""
    member = member_of(till, step.a)
    if member is None:
        return None
    return ScheduleFollowUp(
        follow_up_id=till.counter.new_id(), member_id=member, due_date=f"2026-12-{step.b % 20 + 10}"
    )


def _follow_up(till: Till, pick: int) -> Any:
    return _row(till, "SELECT id, member_id, associate_id FROM follow_up ORDER BY id", pick)


def complete(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A promise kept."""
    row = _follow_up(till, step.a)
    return row and CompleteFollowUp(follow_up_id=_text(row[0]), member_id=_text(row[1]), result="好" * (step.b % 2))


def cancel(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A promise taken back."""
    row = _follow_up(till, step.a)
    return row and CancelFollowUp(follow_up_id=_text(row[0]), member_id=_text(row[1]))


def reassign(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A colleague keeps it."""
    row = _follow_up(till, step.a)
    if row is None:
        return None
    staff = world.chain.staff_of(till.store_id)
    return ReassignFollowUp(
        follow_up_id=_text(row[0]), member_id=_text(row[1]), from_id=_text(row[2]), to_id=staff[step.b % 2]
    )


def bind(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """She scanned an associate's badge here."""
    member = member_of(till, step.a)
    if member is None:
        return None
    who = world.chain.staff_of(till.store_id)[step.b % 2]
    return BindMember(
        binding_id=till.counter.new_id(),
        member_id=member,
        associate_id=who,
        source="scanned",
        code_digits=badge_of(who)["digits"],
    )


def sell(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A sale; few receipt numbers, so that two counters take the same one."""
    member = member_of(till, step.a)
    if member is None:
        return None
    coat = SaleLine(line_no=1, name="衣", qty=2, amount_minor=600)
    ribbon = SaleLine(line_no=2, name="带", qty=1, amount_minor=50)
    lines = (coat, ribbon) if step.c % 2 else (coat,)
    receipt = f"R-{step.b % _RECEIPTS}" if step.b % 2 else None
    total = sum(line.amount_minor for line in lines)
    return RecordSale(
        sale_id=till.counter.new_id(),
        member_id=member,
        currency="CNY",
        total_minor=total,
        lines=lines,
        receipt_no=receipt,
    )


def give_back(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """Goods come back."""
    row = _row(till, "SELECT id, member_id FROM purchase WHERE member_id IS NOT NULL ORDER BY id", step.a)
    if row is None:
        return None
    line = ReturnLine(line_no=1 + step.c % 2, qty=1, amount_minor=(300, 50)[step.c % 2])
    return RecordReturn(
        return_id=till.counter.new_id(),
        member_id=_text(row[1]),
        purchase_id=_text(row[0]),
        currency="CNY",
        lines=(line,),
    )


def claim(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A receipt is hers."""
    member = member_of(till, step.a)
    return None if member is None else ClaimSale(member_id=member, receipt_no=f"R-{step.b % _RECEIPTS}")


def give_coupon(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A coupon of this counter's lease."""
    member, blank = member_of(till, step.a), till.counter.local.find_blank_code("coupon")
    if member is None or blank is None:
        return None
    return IssueCoupon(member_id=member, handle=blank.coupon_parts[0], campaign_no=CAMPAIGN)


def use_coupon(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """A coupon that some counter has given."""
    row = _row(till, "SELECT handle, member_id FROM coupon ORDER BY id", step.a)
    if row is None:
        return None
    return RedeemCoupon(
        use_id=till.counter.new_id(),
        member_id=_text(row[1]),
        handle=str(row[0]),
        campaign_no=CAMPAIGN,
        value_minor=CAMPAIGN_MINOR,
        is_final=bool(step.b % 2),
    )


def retract(world: SeenWorld, till: Till, step: Step) -> Operation | None:
    """What was just done here is taken back."""
    rows = (
        till.disk.look(JOURNAL_NAME)
        .execute(
            "SELECT op_id, type, lane FROM operation WHERE type IN "
            "('interaction', 'served_no_purchase', 'follow_up_done', 'follow_up_cancel') ORDER BY n DESC LIMIT 3"
        )
        .fetchall()
    )
    if not rows:
        return None
    op_id, kind, lane = rows[step.a % len(rows)]
    entry = till.counter.journal.find(_text(op_id))
    field = "interaction_id" if kind in ("interaction", "served_no_purchase") else "follow_up_id"
    if entry is None:
        return None
    return Retract(op_id=_text(op_id), member_id=_text(lane), **{field: entry.envelope.body[field]})


MAKERS: Final[dict[str, Maker]] = {
    maker.__name__: maker
    for maker in (
        register, edit, consent, tag, visit, log, served, schedule, complete, cancel, reassign, bind, sell, give_back,
        claim, give_coupon, use_coupon, retract,
    )
}  # fmt: skip


def actor_of(world: SeenWorld, till: Till, step: Step) -> Any:
    """Who does it: who did what is taken back, else anybody of the store."""
    staff = world.chain.staff_of(till.store_id)
    which = (step.a + step.b + step.c) % 5
    if step.name == "retract":
        found = (
            till.disk.look(JOURNAL_NAME).execute("SELECT actor_id FROM operation ORDER BY n DESC LIMIT 1").fetchone()
        )
        if found is not None:
            which = staff.index(_text(found[0])) if _text(found[0]) in staff else 0
    who = staff[2] if which == 4 else staff[which % 2]
    return till.actor(who, is_manager=who == staff[2])


def assurance_of(step: Step) -> int:
    """Mostly scanned, at times typed, seldom proved."""
    return (1, 1, 2, 0, 3)[step.c % 5]
