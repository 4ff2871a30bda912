"""The made data of the benches is what it says: as many, consistent, and the same every time."""

from __future__ import annotations

import pytest

from guidedesk.bench import make, people
from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.services.queries.members import find_member_by_code, get_member_card
from guidedesk.sync.open_counter import open_counter

MEMBERS, LINES = 60, 700


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    make.make(folder, MEMBERS, LINES)
    counter = open_counter(folder, has_demo_key=True)
    yield counter
    counter.close()


def one(conn, sql):
    return conn.exec_driver_sql(sql).scalar_one()


def test_there_is_as_much_of_it_as_was_asked_for(counter):
    with counter.read() as conn:
        assert one(conn, "SELECT count(*) FROM member") == MEMBERS
        assert one(conn, "SELECT count(*) FROM purchase_line") == LINES
        assert one(conn, "SELECT count(DISTINCT digits) FROM member_code") == MEMBERS


def test_every_order_costs_what_its_lines_cost(counter):
    with counter.read() as conn:
        wrong = one(
            conn,
            "SELECT count(*) FROM purchase p WHERE total_minor != (SELECT coalesce(sum(amount_minor), 0) "
            "FROM purchase_line l WHERE l.scope_id = p.scope_id AND l.purchase_id = p.id)",
        )
    assert wrong == 0


def test_codes_are_real_ones_and_lead_to_a_card(counter):
    with counter.read() as conn:
        for (digits,) in conn.exec_driver_sql("SELECT digits FROM member_code").fetchall():
            found = decode(digits)
            assert isinstance(found, CodeOk)
            assert found.type is CodeType.MEMBER
            member_id = find_member_by_code(conn, digits)
            assert member_id is not None
            assert get_member_card(conn, member_id, people.staff_ids()[0], people.BASE_MS).member_id == member_id


def test_the_same_seed_invents_the_same_people():
    assert list(people.members(5, 1)) == list(people.members(5, 1))
    assert list(people.members(5, 1)) != list(people.members(5, 2))
