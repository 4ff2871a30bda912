"""The change feed: nothing is missed, nothing foreign is shown, both sides end equal (SYNC.md 3, 6, 7)."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import select, update

from guidedesk.models import server_tables as tables
from guidedesk.server import fanout
from guidedesk.server.feed import changes
from guidedesk.server.grants import grant_member
from guidedesk.server.rows import put_row
from guidedesk.server.settings import write_settings
from guidedesk.services.operations import SetTag
from tests.helpers.digests import digests_of
from tests.server.people_at_work import hello, interaction, joined
from tests.server.shop import Counter, Shop


def digest_body(counter: Counter, scope: str, rows: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    epoch, seq = counter.cursors[scope]
    return {"scope": scope, "epoch": epoch, "seq": seq, "tables": digests_of(rows)}


def held(counter: Counter, *names: str) -> list[tuple[str, dict[str, Any]]]:
    return [(tbl, row) for (tbl, _, _), row in counter.rows.items() if tbl in names]


STORE_TABLES = ("member", "consent", "interaction", "binding", "member_tag", "visit", "follow_up", "purchase")


def test_no_pointer_is_missed_while_many_write(shop: Shop) -> None:
    """Writers in threads, a reader that always asks after its last cursor: it must see every row."""
    scope, per_writer, writers = shop.stores[0], 40, 4
    seen: set[str] = set()
    done = threading.Event()

    def write(n: int) -> None:
        for i in range(per_writer):
            values = {
                "id": f"00000000-0000-8000-8000-{n:06d}{i:06d}",
                "member_id": scope,
                "associate_id": scope,
                "device_id": scope,
                "assurance": 1,
                "occurred_at_ms": i,
            }
            shop.database.write(scope, lambda opened, v=values: put_row(opened, "visit", v))  # type: ignore[misc]

    def read() -> None:
        after = 0
        while True:
            last_round = done.is_set()
            with shop.database.read() as conn:
                page = changes(conn, scope, 1, after, 7)
            if page is not None:
                assert page.next > after
                seen.update(change.row_id for change in page.changes)
                after = page.next
            elif last_round:
                return

    reader = threading.Thread(target=read)
    reader.start()
    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert len(seen) == writers * per_writer


def test_writing_again_moves_the_pointer(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    for _ in range(3):
        counter.do(SetTag(member_id=member_id, tag="vip", is_on=True))
        counter.do(SetTag(member_id=member_id, tag="vip", is_on=False))
    counter.pull(limit=2)
    [tag] = counter.table("member_tag")
    assert (tag["is_on"], tag["row_ver"]) == (0, 6)
    with shop.database.read() as conn:
        pointers = conn.execute(select(tables.feed).where(tables.feed.c.scope_id == counter.scope_id)).all()
        head = conn.execute(select(tables.scope.c.head).where(tables.scope.c.scope_id == counter.scope_id)).scalar_one()
    assert len([p for p in pointers if p.tbl == "member_tag"]) == 1
    assert head >= max(p.seq for p in pointers)


def test_a_grant_brings_the_member_and_later_changes_follow(shop: Shop) -> None:
    home, other = shop.counter(), shop.counter(1)
    member_id = joined(shop, home)
    home.do(interaction(shop, member_id, "stays at home"))
    other.pull()
    assert other.table("member") == []
    grant_member(shop.database, shop.stores[1], member_id, shop.stores[0], "served", now_ms=shop.clock.now_ms)
    other.pull()
    assert [row["id"] for row in other.table("member")] == [member_id]
    assert other.table("interaction") == []
    home.do(SetTag(member_id=member_id, tag="丝巾", is_on=True))
    other.do(SetTag(member_id=member_id, tag="大衣", is_on=True), actor="a3")
    for counter in (home, other):
        counter.pull()
        assert {row["tag"] for row in counter.table("member_tag")} == {"丝巾", "大衣"}


def test_fanout_left_by_a_crash_is_swept(shop: Shop, monkeypatch: Any) -> None:
    home, other = shop.counter(), shop.counter(1)
    member_id = joined(shop, home)
    grant_member(shop.database, shop.stores[1], member_id, shop.stores[0], "served", now_ms=shop.clock.now_ms)
    with monkeypatch.context() as patched:
        patched.setattr(fanout, "run", lambda *_: 0)
        home.do(SetTag(member_id=member_id, tag="late", is_on=True))
    other.pull()
    assert other.table("member_tag") == []
    assert fanout.sweep(shop.database) == 1
    assert fanout.sweep(shop.database) == 0
    other.pull()
    assert [row["tag"] for row in other.table("member_tag")] == ["late"]


def test_digests_agree_and_show_what_differs(shop: Shop) -> None:
    counter = shop.counter()
    members = [joined(shop, counter, name=f"会员{n}") for n in range(5)]
    counter.do(interaction(shop, members[0]))
    counter.pull()
    scope = counter.scope_id
    rows = held(counter, *STORE_TABLES)
    answer = counter.call("POST", "/v1/sync/digest", digest_body(counter, scope, rows)).json()
    assert (answer["equal"], answer["is_behind"], answer["counts"]["member"]) == (True, False, 5)
    wrong = members[2]
    broken = [(t, r | {"tier": "super"} if (t, r["id"]) == ("member", wrong) else r) for t, r in rows]
    answer = counter.call("POST", "/v1/sync/digest", digest_body(counter, scope, broken)).json()
    assert (answer["equal"], list(answer["buckets"])) == (False, ["member"])
    assert wrong in [row["id"] for _, row in answer["rows"]]
    counter.do(interaction(shop, members[1]))
    assert counter.call("POST", "/v1/sync/digest", digest_body(counter, scope, rows)).json()["is_behind"]


def test_cursors_that_cannot_go_on_are_told(shop: Shop) -> None:
    counter = shop.counter()
    joined(shop, counter)
    counter.pull()
    scope = counter.scope_id
    epoch, seq = counter.cursors[scope]

    def ask(epoch: int, after: int, scope: str = scope) -> tuple[int, str]:
        query = f"scope={scope}&epoch={epoch}&after={after}&limit=5"
        answer = counter.call("GET", "/v1/sync/changes", query=query)
        return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""

    assert ask(epoch, seq) == (304, "")
    assert ask(epoch + 1, 0) == (410, "epoch_changed")
    assert ask(epoch, 0, shop.stores[1]) == ask(epoch, 0, shop.new_id()) == (404, "not_found")
    with shop.database.engine.begin() as conn:
        conn.execute(update(tables.scope).where(tables.scope.c.scope_id == scope).values(floor=seq))
    assert ask(epoch, 1) == (410, "cursor_too_old")
    assert ask(epoch, 0)[0] == 200


def test_hello_tells_where_everything_stands(shop: Shop) -> None:
    counter = shop.counter()
    joined(shop, counter)
    answer = counter.call("POST", "/v1/sync/hello", hello(codes_left=200, unsent=7)).json()
    assert (answer["server_last_seq"], answer["device_epoch"], answer["server_time_ms"]) == (1, 1, shop.clock.now_ms)
    assert [(s["kind"], s["mode"]) for s in answer["scopes"]] == [("chain", "pull"), ("store", "pull")]
    assert answer["codes"] == []
    assert counter.call("POST", "/v1/sync/hello", {"device_epoch": 1}).status_code == 400
    with shop.database.read() as conn:
        assert conn.execute(select(tables.device.c.reported_unsent)).scalar_one() == 7


def test_settings_reach_every_counter(shop: Shop) -> None:
    counter = shop.counter(2)
    write_settings(shop.database, {"window_days": "20"})
    write_settings(shop.database, {"window_days": "20"})
    counter.pull()
    assert [(r["name"], r["value"], r["row_ver"]) for r in counter.table("setting")] == [("window_days", "20", 1)]
