"""What a chain goes through, made up by dice: people join, are met, buy, bring back, turn out to be one, move."""

from __future__ import annotations

from random import Random
from typing import Final

from sqlalchemy import select

from guidedesk.domain.time import DAY_MS
from guidedesk.models.server_tables import code_pool
from guidedesk.server.commission_events import record_events
from guidedesk.server.commission_facts import of_staff
from guidedesk.server.database import ScopeWrite
from guidedesk.server.merges import void_merge
from guidedesk.server.order_rows import sale_id
from guidedesk.server.order_types import Channel, LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_order, record_return
from guidedesk.server.recognition import give_by_hand
from guidedesk.server.rows import put_row
from guidedesk.server.staff import StaffOffice
from guidedesk.services import operations as ops
from tests.server.people_at_work import registration
from tests.server.shop import Counter, Shop

_HOUR_MS: Final = 3_600_000
_PHONES: Final = tuple(f"+861381234{n:04d}" for n in range(4))


class Stream:
    """One chain and the dice. Every step is something that could happen, whatever happened before."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.dice = shop, Random(seed)
        self.counters: list[Counter] = [shop.counter(n) for n in range(3)]
        self.members: list[str] = []
        self.merged: list[str] = []
        self.sold: list[tuple[OrderIn, str]] = []
        self.talks: list[tuple[int, str, str, str]] = []
        self.tasks: list[tuple[int, str, str, str]] = []
        self.working = ["a1", "a2", "a3", "a4", "a5", "a6"]
        self.number = 0

    def step(self) -> str:
        """Something happens; its name."""
        self.shop.clock.now_ms += self.dice.randrange(10, 30 * _HOUR_MS)
        names = (
            ["join"] * 3 + ["meet"] * 4 + ["served"] * 3 + ["talk"] * 2 + ["plan", "done", "consent", "retract"]
            + ["buy"] * 8 + ["online"] * 2 + ["nobody"] * 2 + ["back"] * 3 + ["recognise", "same_phone", "void", "move"]
        )  # fmt: skip
        name = self.dice.choice(names)
        getattr(self, f"_{name}")()
        return name

    def _where(self) -> tuple[int, Counter, str]:
        n = self.dice.randrange(3)
        here = [who for who in self.working if who in (f"a{2 * n + 1}", f"a{2 * n + 2}")]
        return n, self.counters[n], self.dice.choice(here or [f"m{n + 1}"])

    def _someone(self) -> str | None:
        return self.dice.choice(self.members) if self.members else None

    def _join(self, phone: str | None = None) -> None:
        _, counter, who = self._where()
        digits = typed = None
        if self.dice.random() < 0.7:
            with self.shop.database.read() as conn:
                query = select(code_pool.c.digits, code_pool.c.typed).where(
                    code_pool.c.scope_id == counter.scope_id, code_pool.c.state == "blank",
                    code_pool.c.kind == "member", code_pool.c.device_id == counter.device_id,
                )  # fmt: skip
                found = conn.execute(query).first()
            if found is not None:
                digits, typed = found.digits, found.typed
        operation = registration(
            self.shop, name=f"客人{self.number}", phone=phone, code_digits=digits, code_typed=typed
        )
        self.number += 1
        answer = counter.do(operation, who)
        if answer["status"] == "merged":
            self.merged.append(operation.member_id)
        self.members.append(operation.member_id)

    def _same_phone(self) -> None:
        self._join(self.dice.choice(_PHONES))

    def _void(self) -> None:
        if self.merged:
            void_merge(self.shop.database, self.merged.pop(), reason="two people", now_ms=self.shop.clock.now_ms)

    def _meet(self) -> None:
        _, counter, who = self._where()
        if (person := self._someone()) is not None:
            counter.do(ops.RecordVisit(visit_id=self.shop.new_id(), member_id=person), who)

    def _served(self) -> None:
        _, counter, who = self._where()
        if (person := self._someone()) is not None:
            meeting = self.shop.new_id()
            counter.do(ops.RecordVisit(visit_id=meeting, member_id=person), who)
            said = ops.ServedNoPurchase(interaction_id=self.shop.new_id(), member_id=person, visit_id=meeting)
            counter.do(said, who)

    def _talk(self) -> None:
        n, counter, who = self._where()
        if (person := self._someone()) is not None:
            talk_id = self.shop.new_id()
            made = counter.envelope(
                ops.LogInteraction(interaction_id=talk_id, member_id=person, kind="wechat", outcome="tried"), who
            )
            counter.results(made)
            self.talks.append((n, made.op_id, talk_id, person))

    def _retract(self) -> None:
        if self.talks:
            n, op_id, talk_id, person = self.talks.pop()
            self.counters[n].do(ops.Retract(op_id=op_id, member_id=person, interaction_id=talk_id), f"m{n + 1}")

    def _plan(self) -> None:
        n, counter, who = self._where()
        if (person := self._someone()) is not None:
            task_id = self.shop.new_id()
            counter.do(ops.ScheduleFollowUp(follow_up_id=task_id, member_id=person, due_date="2026-12-01"), who)
            self.tasks.append((n, task_id, person, who))

    def _done(self) -> None:
        if self.tasks:
            n, task_id, person, who = self.tasks.pop(0)
            self.counters[n].do(ops.CompleteFollowUp(follow_up_id=task_id, member_id=person), who)

    def _consent(self) -> None:
        _, counter, who = self._where()
        if (person := self._someone()) is not None:
            given = self.dice.random() < 0.7
            purpose = self.dice.choice(("sms", "phone"))
            counter.do(ops.SetConsent(member_id=person, purpose=purpose, is_given=given), who)

    def _buy(self, channel: Channel = "store", *, known: bool = True) -> None:
        n, _, who = self._where()
        late = self.dice.randrange(0, 3 * DAY_MS) if self.dice.random() < 0.2 else 0
        lines = tuple(
            LineIn(line_no=i, sku=f"SKU{i}", name="衣", qty=self.dice.randrange(1, 4),
                   amount_minor=self.dice.randrange(1, 200_001))
            for i in range(1, self.dice.randrange(2, 4))
        )  # fmt: skip
        seller = self.shop.staff[who] if channel == "store" and self.dice.random() < 0.6 else None
        self.number += 1
        order = OrderIn(
            source="pos", external_id=f"N{self.number}", channel=channel, paid_at_ms=self.shop.clock.now_ms - late,
            currency="CNY", lines=lines, raw={}, member_id=self._someone() if known else None, seller_id=seller,
            store_id=self.shop.stores[n] if channel == "store" else None,
        )  # fmt: skip
        found = record_order(self.shop.database, order, now_ms=self.shop.clock.now_ms)
        self.sold.append((order, found.scope_id))

    def _online(self) -> None:
        self._buy("online")

    def _nobody(self) -> None:
        self._buy(known=False)

    def _back(self) -> None:
        if not self.sold:
            return
        order, _ = self.dice.choice(self.sold)
        line = self.dice.choice(order.lines)
        self.number += 1
        back = ReturnIn(
            source="pos", external_id=f"R{self.number}", order_external_id=order.external_id,
            returned_at_ms=max(self.shop.clock.now_ms - self.dice.randrange(0, DAY_MS), order.paid_at_ms),
            currency="CNY",
            lines=(ReturnLineIn(line_no=line.line_no, qty=1, amount_minor=line.amount_minor // line.qty),),
        )  # fmt: skip
        record_return(self.shop.database, back, now_ms=self.shop.clock.now_ms)

    def _recognise(self) -> None:
        person = self._someone()
        unknown = [(order, scope) for order, scope in self.sold if order.member_id is None]
        if person is None or not unknown:
            return
        order, scope_id = unknown[-1]
        self.sold.remove((order, scope_id))
        row_id = sale_id(order.source, order.external_id)
        give_by_hand(self.shop.database, scope_id, row_id, person, self.shop.clock.now_ms, None)

    def _move(self) -> None:
        if len(self.working) < 4 or self.dice.random() < 0.7:
            return
        who = self.working.pop(self.dice.randrange(len(self.working)))
        if self.dice.random() < 0.4:
            StaffOffice(self.shop.database, self.shop.secrets, self.shop.clock, self.shop.random).leave(who)
            return
        staff_id, store_id = self.shop.staff[who], self.dice.choice(self.shop.stores)

        def work(opened: ScopeWrite) -> None:
            row = put_row(opened, "staff", {"id": staff_id, "store_id": store_id})
            record_events(opened, of_staff("move", row, self.shop.clock.now_ms, self.shop.clock.now_ms))

        self.shop.database.write(self.shop.chain_id, work)

