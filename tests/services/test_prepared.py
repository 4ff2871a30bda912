"""The compiled statements of the card say what the same statements say when they are put together anew."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, select

from guidedesk.models import engagement, people, sales
from guidedesk.services.queries import members, timeline
from guidedesk.services.queries.prepared import Prepared
from tests.helpers.shop import LIN, NOW, SHEN, open_shop

WHO = {"member_id": SHEN, "owner_id": LIN}
BEFORE = {"until": NOW + 1, "limit": 3}


@pytest.fixture
def conn():
    with open_shop().engine.connect() as connection:
        yield connection


@pytest.mark.parametrize("module", [members, timeline], ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_every_prepared_statement_answers_as_the_ordinary_way_does(conn, module):
    values = WHO | BEFORE | {"digits": "1" * 22}
    found = [one for one in vars(module).values() if isinstance(one, Prepared)]
    assert found
    for prepared in found:
        wanted = {name for name in prepared._statement.compile().params if name in values}
        plain = conn.execute(prepared._statement, {name: values[name] for name in wanted}).all()
        assert [tuple(row) for row in prepared.all(conn, **values)] == [tuple(row) for row in plain]


def test_ids_texts_and_missing_values_come_back_as_they_are_kept(conn):
    query = Prepared(select(people.member).where(people.member.c.id == bindparam("member_id")))
    row = query.first(conn, member_id=SHEN)
    assert (row.id, row.merged_into) == (SHEN, None)
    assert query.first(conn, member_id=LIN) is None
    assert query.scalar(conn, member_id=LIN) is None


def test_counts_are_those_of_the_rows(conn):
    for name, table in (("purchase", sales.purchase), ("visit", engagement.visit)):
        plain = conn.execute(select(func.count()).where(table.c.member_id == SHEN)).scalar()
        assert dict(timeline.count_timeline(conn, SHEN)).get(name, 0) == plain
