"""A batch decided together leaves what its operations leave that come one by one, bad ones among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from guidedesk.domain.ids import derived_id
from guidedesk.models import server_tables as tables
from guidedesk.server import fanout
from guidedesk.services.operations import (
    CompleteFollowUp,
    LogInteraction,
    Operation,
    RecordVisit,
    ScheduleFollowUp,
    SetTag,
)
from guidedesk.sync.protocol import Envelope
from tests.helpers.contents import contents
from tests.helpers.postgres import Backend
from tests.server.people_at_work import interaction, joined, registration
from tests.server.shop import Counter, Shop, open_shop
from tests.server.statements import of_pushes

KINDS = (
    "visit", "talk", "tag", "schedule", "complete", "register", "nobody", "stranger", "unknown", "unreadable",
    "depends", "again",
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 1), st.integers(0, 2), st.booleans(), st.integers(0, 3_000)),
    min_size=1,
    max_size=14,
)
Step = tuple[str, int, int, bool, int]
Sent = Envelope | dict[str, Any]


@dataclass
class Scene:
    """A shop, one of its counters, two people it knows."""

    shop: Shop
    counter: Counter
    members: list[str]

    def sent(self, steps: list[Step]) -> list[Sent]:
        made: list[Sent] = []
        for kind, who, which, is_on, ago_ms in steps:
            if kind == "again" and made and isinstance(made[-1], Envelope):
                # The same id with other content.
                made.append(self._envelope(self._operation("talk", who, which, is_on), ago_ms, op_id=made[-1].op_id))
            elif kind == "unreadable":
                wire = self._envelope(self._operation("talk", who, which, is_on), ago_ms).to_wire()
                made.append(wire | {"personal": {"salt": "short", "fields": {}}})
            else:
                made.append(
                    self._envelope(self._operation(kind, who, which, is_on), ago_ms, **self._changes(kind, made))
                )
        return made

    def _envelope(self, operation: Operation, ago_ms: int, actor: str = "a1", **changes: Any) -> Envelope:
        return self.counter.envelope(operation, actor, occurred_at_ms=self.shop.clock.now_ms - ago_ms, **changes)

    def _changes(self, kind: str, made: list[Sent]) -> dict[str, Any]:
        last = made[-1] if made else None
        match kind:
            case "stranger":
                return {"actor": derived_id("nobody of ours")}
            case "unknown":
                return {"type": "dance"}
            case "depends" if isinstance(last, Envelope):
                return {"deps": (last.op_id,)}
        return {}

    def _operation(self, kind: str, who: int, which: int, is_on: bool) -> Operation:
        member_id, task_id = self.members[who], derived_id("task", which)
        match kind:
            case "visit":
                return RecordVisit(visit_id=derived_id("visit", which), member_id=member_id)
            case "tag":
                return SetTag(member_id=member_id, tag=f"t{which}", is_on=is_on)
            case "schedule":
                return ScheduleFollowUp(follow_up_id=task_id, member_id=member_id, due_date="2027-01-15", text="call")
            case "complete":
                return CompleteFollowUp(follow_up_id=task_id, member_id=member_id)
            case "register":
                return registration(self.shop, name=f"N{which}")
            case "nobody":
                return LogInteraction(
                    interaction_id=self.shop.new_id(), member_id=derived_id("?"), kind="visit", outcome="tried"
                )
        return interaction(self.shop, member_id, note=kind)

    def push(self, batches: list[list[Sent]], at_ms: int) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = []
        for batch in batches:
            self.shop.clock.now_ms = at_ms
            results += self.counter.results(*batch)
        return results


def scene(folder: Path, backend: Backend) -> Scene:
    shop = open_shop(folder, backend=backend)
    counter = shop.counter()
    return Scene(shop, counter, [joined(shop, counter), joined(shop, counter, name="另一位")])


def told(result: dict[str, Any]) -> tuple[Any, ...]:
    """An answer without what a later operation may have done to its rows meanwhile."""
    refs = {(tbl, row["scope_id"], row["id"]) for tbl, row in result["rows"]} | set(map(tuple, result["absent"]))
    return (result["op_id"], result["status"], result["reason"], result["params"], result["signature"], refs)


def feed_order(shop: Shop) -> list[Any]:
    f = tables.feed.c
    with shop.database.read() as conn:
        found = conn.execute(
            select(f.tbl, f.row_id, f.op, f.row_ver).where(f.scope_id == shop.stores[0]).order_by(f.seq)
        )
        return [tuple(row) for row in found]


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # two servers an example: making it smaller would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_together_and_one_by_one_are_the_same(backend: Backend, steps: list[Step]) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        together, alone = scene(Path(one), backend), scene(Path(other), backend)
        try:
            sent = together.sent(steps)
            assert alone.sent(steps) == sent
            at_ms = together.shop.clock.now_ms + 5_000
            answers = together.push([sent], at_ms)
            assert [told(a) for a in answers] == [told(a) for a in alone.push([[op] for op in sent], at_ms)]
            without = ("seq", "effect_seq")
            assert contents(together.shop.database, without) == contents(alone.shop.database, without)
            assert feed_order(together.shop) == feed_order(alone.shop)
        finally:
            together.shop.close()
            alone.shop.close()


def test_the_refused_do_not_make_a_batch_dear(shop: Shop) -> None:
    counter = shop.counter()
    here = Scene(shop, counter, [joined(shop, counter), joined(shop, counter, name="另一位")])
    asked: list[int] = []
    for size in (4, 40):
        steps = [
            (kind, n % 2, n % 3, True, n) for n in range(size) for kind in ("talk", "complete", "nobody", "stranger")
        ]
        sent = here.sent(steps)
        asked.append(_statements(shop, counter, sent))
    assert asked[1] <= asked[0] + 20


def _statements(shop: Shop, counter: Counter, sent: list[Sent]) -> int:
    with of_pushes(shop) as asked:
        results = counter.results(*sent)
    assert [r["status"] for r in results] == ["accepted", "rejected", "rejected", "rejected"] * (len(sent) // 4)
    return len(asked)


def test_what_the_server_does_by_itself_is_not_counted(shop: Shop) -> None:
    """A test that counts a round of the server's own fails on a slow PC only, and tells nobody why."""
    counter = shop.counter()
    with of_pushes(shop) as asked:
        fanout.sweep(shop.database)
        assert asked == []
        joined(shop, counter)
        assert len(asked) > 5
