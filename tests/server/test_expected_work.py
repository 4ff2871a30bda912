"""What counters have not sent yet comes before what others fetch, as far as their hellos told."""

from __future__ import annotations

from guidedesk.server.admission import WorkQueue
from guidedesk.server.app import create_app
from guidedesk.server.expected_work import ExpectedWork
from guidedesk.server.limits import UNLIMITED
from tests.server.http_server import HttpServer
from tests.server.people_at_work import hello, registration
from tests.server.shop import Shop
from tests.server.test_admission import Now, told


def test_what_was_brought_is_not_expected_any_more_nor_what_nobody_speaks_of() -> None:
    now = Now()
    expected = ExpectedWork(now)
    expected.said("a", 700)
    expected.said("b", 300)
    assert expected.left() == 1_000
    expected.brought("a", 500)
    expected.brought("b", 400)  # some were recorded since
    expected.brought("c", 9)  # said nothing
    assert expected.left() == 200
    expected.said("a", 150)
    now.at += 11
    expected.said("d", 5)
    assert expected.left() == 5


def test_who_fetches_waits_for_much_that_is_to_come_and_not_for_a_little() -> None:
    now = Now()
    expected = ExpectedWork(now)
    pushes = WorkQueue("sync", 2, 8, now, coming=expected.left)
    pulls = WorkQueue("pull", 2, 8, now, behind=pushes)
    expected.said("a", 49)
    with pulls.enter("fetching"):
        assert pulls.inside == 1
    expected.said("b", 1)
    assert told(pulls, "another") == 2
    expected.brought("a", 1)
    with pulls.enter("a third"):
        assert pulls.inside == 1


def test_a_server_knows_it_from_hellos_and_pushes(shop: Shop) -> None:
    app = create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    server, shop.client = shop.client, HttpServer(app)
    counter, expected = shop.counter(), app.state.context.expected
    counter.call("POST", "/v1/sync/hello", hello(unsent=3))
    assert expected.left() == 3
    assert counter.do(registration(shop))["status"] == "accepted"
    assert expected.left() == 2
    shop.client.close()
    shop.client = server
