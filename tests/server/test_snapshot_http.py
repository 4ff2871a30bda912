"""Snapshots over the real wire: whole, for the store's own counters only, and gone politely."""

from __future__ import annotations

from requests import Response
from sqlalchemy import update

from guidedesk.models import server_tables as tables
from guidedesk.server.background import OneByOne
from guidedesk.server.settings import write_settings
from guidedesk.server.snapshots import sweep_snapshots
from guidedesk.sync.cache import schema_version
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.snapshot_format import Manifest, unpack_page
from tests.server.people_at_work import hello, joined
from tests.server.shop import Counter, Shop


def modes(counter: Counter, **changes: object) -> dict[str, str]:
    answer = counter.call("POST", "/v1/sync/hello", hello(**changes)).json()
    return {scope["scope"]: scope["mode"] for scope in answer["scopes"]}


def background(shop: Shop) -> OneByOne:
    """Where the server leaves long work."""
    found: OneByOne = shop.client._server.config.app.state.context.background  # type: ignore[union-attr]
    return found


def ask(counter: Counter, scope_id: str) -> Response:
    return counter.call("GET", "/v1/sync/snapshot", query=f"scope={scope_id}&schema={SCHEMA}")


def fetch(counter: Counter, scope_id: str) -> Manifest:
    answer = ask(counter, scope_id)
    if answer.status_code == 503:
        assert (answer.json()["error"]["code"], answer.headers["retry-after"]) == ("snapshot_building", "2")
        background(counter.shop).join()
        answer = ask(counter, scope_id)
    assert answer.status_code == 200, answer.text
    return Manifest.from_wire(answer.json())


def test_hello_says_how_each_scope_is_best_fetched(shop: Shop) -> None:
    counter = shop.counter()
    joined(shop, counter)
    assert modes(counter)[counter.scope_id] == "pull"
    write_settings(shop.database, {"snapshot_rows": "1"})
    assert set(modes(counter).values()) == {"snapshot"}
    here = [[counter.scope_id, 1, 1], [shop.stores[1], 1, 1]]
    assert modes(counter, cursors=here) == {
        shop.chain_id: "snapshot", counter.scope_id: "pull", shop.stores[1]: "evict_all",
    }  # fmt: skip


def test_the_pages_hold_the_store_and_nobody_elses_counter_gets_them(shop: Shop) -> None:
    counter, stranger = shop.counter(), shop.counter(1)
    member = joined(shop, counter)
    manifest = fetch(counter, counter.scope_id)
    path = f"/v1/sync/snapshot/{manifest.snap_id}"
    rows: dict[str, int] = {}
    for number, page_hash in enumerate(manifest.pages):
        for tbl, columns, found in unpack_page(counter.call("GET", f"{path}/{number}").content, page_hash):
            rows[tbl] = rows.get(tbl, 0) + len(found)
            if tbl == "member":
                assert found[0][columns.index("id")].hex() == member.replace("-", "")
    assert rows == {tbl: count for tbl, count in manifest.rows.items() if count}
    assert fetch(counter, counter.scope_id) == manifest  # kept, not built for each counter
    assert stranger.call("GET", f"{path}/0").status_code == 404
    query = f"scope={counter.scope_id}&schema={SCHEMA}"
    assert stranger.call("GET", "/v1/sync/snapshot", query=query).status_code == 404
    for bad in (f"{path}/{len(manifest.pages)}", f"{path}/x", "/v1/sync/snapshot/x/0"):
        assert counter.call("GET", bad).status_code == 404
    assert counter.call("GET", "/v1/sync/snapshot", query=f"scope={counter.scope_id}&schema=0").status_code == 426
    with shop.database.engine.begin() as conn:
        conn.execute(update(tables.device).values(state="suspended"))
    assert counter.call("GET", f"{path}/0").status_code == 403


def test_an_older_snapshot_serves_while_a_new_one_is_built(shop: Shop) -> None:
    counter = shop.counter()
    joined(shop, counter)
    first = fetch(counter, counter.scope_id)
    joined(shop, counter, name="后来的")
    shop.clock.now_ms += 7 * 3_600_000
    assert Manifest.from_wire(ask(counter, counter.scope_id).json()) == first
    background(shop).join()
    newer = Manifest.from_wire(ask(counter, counter.scope_id).json())
    assert (newer.rows["member"], first.rows["member"]) == (2, 1)
    assert newer.seq > first.seq


def test_a_large_store_has_its_image_before_the_first_counter_asks(shop: Shop) -> None:
    first, small = shop.counter(), shop.counter(1)
    joined(shop, first)
    write_settings(shop.database, {"snapshot_rows": "1"})
    context = shop.client._server.config.app.state.context  # type: ignore[union-attr]

    def image() -> Response:
        query = f"scope={first.scope_id}&schema={SCHEMA}&layout={schema_version()}"
        return first.call("GET", "/v1/sync/snapshot", query=query)

    sweep_snapshots(context)
    background(shop).join()
    made = image()
    assert made.status_code == 200
    assert made.json()["layout"] == schema_version()
    assert ask(small, small.scope_id).status_code == 503  # nothing of a store that comes page by page anyway
    background(shop).join()
    # Nothing happened since: as good as new, however long ago.
    shop.clock.now_ms += 30 * 3_600_000
    sweep_snapshots(context)
    background(shop).join()
    assert image().json() == made.json()
    joined(shop, first, name="后来的")
    sweep_snapshots(context)
    background(shop).join()
    assert image().json()["rows"]["member"] == 2
