"""What a counter keeps of head office's answers about commission: own ones only, with what changed since."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.models.counter_tables import own_figure
from guidedesk.services.earnings import Earnings, EarningsLine, Evidence, Figure, Totals
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.services.strict_document import read_document, to_document
from guidedesk.sync.commission_desk import MONTHS_KEPT, changes_since
from guidedesk.sync.transport import Request, Response
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World

SUM = Figure(2_000, 1)
LINE = EarningsLine("l-1", "2026-11", "2026-11", "rate", "line_rate", 2_000, "CNY", "provisional", 5,
                    chain=(Evidence("order", 5, "o-1"),))  # fmt: skip


def month(associate: str, period: str = "2026-11", *lines: EarningsLine, as_of_ms: int = 10) -> Earnings:
    return Earnings(as_of_ms, associate, period, "open", "CNY", Totals(SUM, SUM, SUM, SUM, SUM), lines=lines)


@pytest.fixture
def till(world: World) -> Till:
    return world.till()


def sign_in(till: Till, name: str = "a1") -> str:
    staff_id = till.world.staff[name]
    info = StaffInfo(staff_id, name, Bilingual(name, name), "associate", till.store_id)
    till.counter.resume(Session(till.counter.new_id(), info, till.store_id, True, 1))
    return staff_id


def answers(till: Till, document: Any, status: int = 200) -> None:
    """What head office says next, whatever it is asked."""
    body = json.dumps(document).encode()

    def answer(_request: Request) -> Response:
        return Response(status, body, {"content-type": "application/json"})

    till.wire.on_send = answer


def test_the_last_answer_is_there_without_contact_and_after_a_restart(till: Till) -> None:
    me = sign_in(till)
    answers(till, to_document(month(me, "2026-11", LINE)))
    asked = till.counter.commission.earnings("")
    till.wire.is_cut = True
    with pytest.raises(TransportError):
        till.counter.commission.earnings("")
    assert till.counter.commission.last_earnings("") == asked
    till.close()
    assert sign_in(till) == me
    assert till.counter.commission.last_earnings("2026-11") == asked


def test_a_colleague_at_the_same_counter_finds_none_of_it(till: Till) -> None:
    me = sign_in(till)
    answers(till, to_document(month(me, "2026-11", LINE)))
    till.counter.commission.earnings("")
    sign_in(till, "a2")
    assert till.counter.commission.last_earnings("") is None
    with pytest.raises(TransportError):  # an answer about somebody else is no answer
        till.counter.commission.earnings("")
    assert till.counter.commission.last_earnings("") is None


def test_nobody_signed_in_asks_nothing(till: Till) -> None:
    with pytest.raises(Refused, match="not_signed_in"):
        till.counter.commission.earnings("")
    assert till.counter.commission.last_earnings("") is None


def test_only_the_newest_months_are_kept(till: Till) -> None:
    me = sign_in(till)
    for number in range(1, MONTHS_KEPT + 3):
        answers(till, to_document(month(me, f"2026-{number:02d}", LINE)))
        till.counter.commission.earnings("")
    with till.counter.read() as conn:
        kept = conn.execute(select(own_figure.c.subject).order_by(own_figure.c.subject)).scalars().all()
    assert kept == [f"2026-{number:02d}" for number in range(3, MONTHS_KEPT + 3)]


def test_what_changed_is_listed_until_acknowledged_once(till: Till) -> None:
    me = sign_in(till)
    desk = till.counter.commission
    back = Evidence("return", 8, "r-1")
    lower = replace(LINE, amount_minor=1_000, why={"caused_by": ["r-1"]}, chain=(*LINE.chain, back))
    answers(till, to_document(month(me, "2026-11", LINE)))
    assert desk.earnings("").changes == ()
    answers(till, to_document(month(me, "2026-11", lower)))
    [change] = desk.earnings("").changes
    assert (change.before_minor, change.after_minor, change.cause) == (2_000, 1_000, "return")
    assert desk.earnings("").changes == (change,)  # asked again, nothing new
    assert desk.acknowledge([change.id]) == 0
    assert desk.earnings("").changes == ()
    kept = desk.last_earnings("")
    assert kept is not None
    assert kept.changes == ()


def test_an_answer_of_another_shape_changes_nothing(till: Till) -> None:
    me = sign_in(till)
    good = to_document(month(me, "2026-11", LINE))
    answers(till, good)
    kept = till.counter.commission.earnings("")
    shapes: list[Any] = [{}, [], good | {"totals": None}, good | {"as_of_ms": 1.5}, good | {"lines": [{"id": 1}]}]
    for broken in shapes:
        answers(till, broken)
        with pytest.raises(TransportError):
            till.counter.commission.earnings("")
    assert till.counter.commission.last_earnings("") == kept
    with till.counter.cache.write() as conn:
        conn.execute(update(own_figure).values(json='{"as_of_ms": "soon"}'))  # an older program kept it
    assert till.counter.commission.last_earnings("") is None


AMOUNTS = st.integers(-(10**9), 10**9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), AMOUNTS, max_size=3), min_size=2, max_size=6))
def test_changes_lead_from_what_she_knew_to_what_is(answers_of: list[dict[str, int]]) -> None:
    """However often a line moves before she looks: one change a line, from the first amount shown to the last."""
    shown: dict[str, int] = dict(answers_of[0])
    data = month("me", "2026-11", *(replace(LINE, id=k, amount_minor=v) for k, v in answers_of[0].items()))
    for amounts in answers_of[1:]:
        now = month("me", "2026-11", *(replace(LINE, id=k, amount_minor=v) for k, v in amounts.items()))
        now = replace(now, changes=changes_since(data, now))
        for name, amount in amounts.items():
            shown.setdefault(name, amount)
        expected = {k: (v, amounts.get(k, 0)) for k, v in shown.items() if v != amounts.get(k, 0)}
        assert {c.line_id: (c.before_minor, c.after_minor) for c in now.changes} == expected
        # A line that is gone and was shown as it is now (0) is nothing she has to be told of any more.
        shown = {k: v for k, v in shown.items() if k in amounts or v != 0}
        data = now


def test_documents_come_back_as_they_went() -> None:
    made = month("me", "2026-11", LINE)
    assert read_document(Earnings, json.loads(json.dumps(to_document(made)))) == made
