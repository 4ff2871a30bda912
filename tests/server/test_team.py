"""Who gets which Team board: managers their own store's, an area manager every store's, everybody else a 404."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guidedesk.cli import main
from guidedesk.domain.people import Role
from guidedesk.domain.time import DAY_MS
from guidedesk.server.orders import record_order, record_return
from guidedesk.server.secrets import write_secrets
from guidedesk.server.settings import write_settings
from guidedesk.server.staff import NewStaff, StaffOffice, set_pins
from guidedesk.services.operations import RecordVisit
from guidedesk.services.strict_document import read_document
from guidedesk.services.team import TeamBoard, TeamList
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_month import CHEAP, PIN, signed_in
from tests.server.test_orders import order, returned

LIST = {"first": "2026-01-01", "last": "2026-12-31", "who": None, "slot": None, "tier": None}


@pytest.fixture
def counter(shop: Shop) -> Counter:
    office = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)
    roles: dict[str, Role] = {"r1": "area_manager", "d1": "admin"}
    for number, role in roles.items():
        person = NewStaff(number=number, name=number, name_en=number, role=role, store_id=shop.stores[0])
        shop.staff[number] = office.add(person)
    pins = [(number, PIN) for number in ("M1", "M2", "A1", "R1", "D1")]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, pins, CHEAP)
    return shop.counter()


def ask(shop: Shop, counter: Counter, by: str, path: str, **body: Any) -> Any:
    session = signed_in(shop, counter, by.upper())
    return counter.call("POST", f"/v1/team/{path}", {"staff_id": shop.staff[by], **body}, session=session)


def board(shop: Shop, counter: Counter, who: str = "m1", store: str | None = "own") -> TeamBoard:
    answer = ask(shop, counter, who, "board", store_id=shop.stores[0] if store == "own" else store)
    assert answer.status_code == 200, answer.text
    return read_document(TeamBoard, answer.json())


@pytest.mark.parametrize(
    ("who", "store"),
    [("a1", 0), ("a1", 1), ("a1", None), ("m1", 1), ("m1", None), ("d1", 0), ("d1", None), ("m1", 9), ("r1", 9)],
)
def test_whoever_may_not_see_it_learns_nothing(shop: Shop, counter: Counter, who: str, store: int | None) -> None:
    store_id = None if store is None else shop.new_id() if store == 9 else shop.stores[store]
    answers = [
        ask(shop, counter, who, "board", store_id=store_id),
        ask(shop, counter, who, "board", store_id="0"),
        ask(shop, counter, who, "list", store_id=store_id, kind="sales", **LIST),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_nobody_asks_under_another_name_or_without_a_session(shop: Shop, counter: Counter) -> None:
    session = signed_in(shop, counter, "A1")
    body = {"staff_id": shop.staff["m1"], "store_id": shop.stores[0]}
    assert counter.call("POST", "/v1/team/board", body, session=session).status_code == 403
    assert counter.call("POST", "/v1/team/board", body).status_code == 403


def test_a_manager_sees_a_sale_at_once_and_the_list_behind_it(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    counter.do(RecordVisit(visit_id=shop.new_id(), member_id=member))
    now = shop.clock.now_ms
    sold = order("A1", store_id=shop.stores[0], member_id=member, paid_at_ms=now, seller_id=shop.staff["a2"])
    record_order(shop.database, sold, now_ms=now)
    record_order(shop.database, order("A2", store_id=shop.stores[0], paid_at_ms=now), now_ms=now)
    today = board(shop, counter).period("today")
    kpis = {kpi.name: (kpi.part, kpi.whole) for kpi in today.kpis}
    assert kpis["share"] == (65_700, 131_400)
    assert (kpis["new_members"][0], kpis["scans"], kpis["basket"]) == (1, (1, 1), (131_400, 2))
    people = {line.id: line.sales_minor for line in today.associates}
    assert (people[shop.staff["a1"]], people[shop.staff["a2"]]) == (19_710, 45_990)
    answer = ask(shop, counter, "m1", "list", store_id=shop.stores[0], kind="sales", **LIST)
    found = read_document(TeamList, answer.json())
    assert (found.total, found.sum_minor) == (2, 65_700)
    assert {(row.member_name, row.detail) for row in found.rows} == {("沈知微", "A1")}
    scans = ask(shop, counter, "m1", "list", store_id=shop.stores[0], kind="scans", **LIST)
    assert [row["member_id"] for row in scans.json()["rows"]] == [member]


def test_what_comes_back_counts_on_the_day_it_came_back(shop: Shop, counter: Counter) -> None:
    member, now = with_card(shop, counter), shop.clock.now_ms
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member, paid_at_ms=now), now_ms=now)
    shop.clock.now_ms = now = now + DAY_MS
    assert board(shop, counter).period("today").kpi("sales").value == 0
    record_return(shop.database, returned("R1", "A1", returned_at_ms=now), now_ms=now)
    found = board(shop, counter)
    assert found.period("today").kpi("sales").value == -19_900
    assert found.period("week").kpi("sales").value == 65_700


def test_few_people_are_no_number_and_no_list(shop: Shop, counter: Counter) -> None:
    now = shop.clock.now_ms

    def bought(first: int, last: int) -> dict[str, Any]:
        for n in range(first, last):
            member = with_card(shop, counter, name=f"客人{n}")
            one = order(f"A{n}", store_id=shop.stores[0], member_id=member, paid_at_ms=now)
            record_order(shop.database, one, now_ms=shop.clock.now_ms)
        [cell] = board(shop, counter).period("today").heat
        wanted = {**LIST, "slot": cell.weekday * 24 + cell.hour}
        answer = ask(shop, counter, "m1", "list", store_id=shop.stores[0], kind="hour", **wanted)
        assert answer.json()["total"] == cell.people
        return dict(answer.json())

    few = bought(0, 4)
    assert (few["total"], few["rows"]) == (None, [])
    assert bought(4, 6)["total"] == 6


def test_an_area_manager_compares_every_store(shop: Shop, counter: Counter) -> None:
    now = shop.clock.now_ms
    for n, store_id in enumerate(shop.stores):
        record_order(shop.database, order(f"A{n}", store_id=store_id, paid_at_ms=now), now_ms=now)
    record_order(shop.database, order("A9", store_id=shop.stores[2], paid_at_ms=now - DAY_MS), now_ms=now)
    found = board(shop, counter, "r1", None)
    assert (found.store, len(found.stores)) == (None, 3)
    wholes = [store.period("today").kpi("share").whole for store in found.stores]
    assert sum(wholes) == found.period("today").kpi("share").whole == 3 * 65_700
    assert board(shop, counter, "r1", shop.stores[2]).store == shop.stores[2]


def test_a_target_is_what_had_to_be_reached_by_now(shop: Shop, counter: Counter) -> None:
    assert board(shop, counter).period("month").target_minor is None
    write_settings(shop.database, {"team_month_target": "3000000"})
    month = board(shop, counter).period("month")
    days = int(month.last[-2:])
    assert month.target_minor == 100_000 * days


def test_the_operator_makes_the_figures_anew(
    shop: Shop, counter: Counter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = shop.clock.now_ms
    record_order(shop.database, order("A1", store_id=shop.stores[0], paid_at_ms=now), now_ms=now)
    write_secrets(tmp_path / "secrets.json", shop.secrets)
    place = ["--database", shop.url, "--secrets", str(tmp_path / "secrets.json")]
    assert main(["admin", "team", "rebuild", "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["parts"] == 1
