"""What is asked of head office is asked, and kept, for the person who asked."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, create_engine

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.models.counter_tables import own_figure
from guidedesk.services.segments import Board
from guidedesk.services.session import Session
from guidedesk.services.strict_document import to_document
from guidedesk.sync import office_line
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.office_line import KeptAnswers, OfficeLine
from guidedesk.sync.segment_desk import SegmentDesk
from guidedesk.sync.transport import Transport

ANNA = "01a1ee56-5e00-7175-b06c-76a81a572247"
BEN = "01a1ee56-5e00-7d2b-8ace-c46edf28b9b2"
EMPTY = Board(
    as_of_ms=5, segments=(), words=(), colleagues=(), currency="CNY", cap_week=2, quiet_from="20:00", quiet_to="09:00"
)


def somebody(staff_id: str) -> Session:
    return cast(Session, SimpleNamespace(staff=SimpleNamespace(id=staff_id)))


class Counter:
    """A counter where somebody else may sign in while head office is thinking."""

    def __init__(self) -> None:
        self.here: Session | None = somebody(ANNA)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: dict[str, Any] = {}
        self.comes: Session | None = None
        self.conn = create_engine("sqlite://").connect()
        own_figure.create(self.conn)

    def call(self, clock: ServerClock, line: Transport, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((path, body))
        self.here = self.comes or self.here
        return self.answer

    def write(self) -> AbstractContextManager[Connection]:
        return nullcontext(self.conn)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    made = Counter()
    monkeypatch.setattr(office_line, "call_in_time", made.call)
    return made


def line(counter: Counter) -> OfficeLine:
    return OfficeLine(cast(ServerClock, None), cast(Any, object), lambda: counter.here, "/v1/x")


def test_nobody_signed_in_asks_nothing(counter):
    counter.here = None
    with pytest.raises(Refused) as refused:
        line(counter).call("y", {})
    assert refused.value.code == "not_signed_in"
    assert counter.asked == []


@pytest.mark.parametrize("answer", [{}, {"in": "a"}, {"in": ["a", 1]}])
def test_an_answer_without_the_list_is_none(counter, answer):
    counter.answer = answer
    with pytest.raises(TransportError):
        line(counter).ask_ids("y", "in")


def test_a_list_asked_for_by_one_person_is_kept_for_her_though_another_came_meanwhile(counter):
    counter.comes = somebody(BEN)
    counter.answer = to_document(EMPTY)
    desk = SegmentDesk(counter, counter.write, cast(ServerClock, None), cast(Any, object), lambda: counter.here)
    desk.board()
    assert [(path, body["staff_id"]) for path, body in counter.asked] == [("/v1/segments/board", ANNA)]
    kept = KeptAnswers(counter, counter.write, "segments")
    assert kept.last(Board, BEN, "") is None
    assert kept.last(Board, ANNA, "") == EMPTY


def test_what_an_older_program_kept_is_nothing(counter):
    kept = KeptAnswers(counter, counter.write, "x")
    counter.conn.execute(own_figure.insert().values(staff_id=ANNA, kind="x", subject="s", json="[", as_of_ms=1))
    assert kept.last(dict, ANNA, "s") is None
