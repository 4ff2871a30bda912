"""What counters have not sent yet comes before what others fetch, as far as their hellos told."""

from __future__ import annotations

from guidedesk.domain.errors import Refused
from guidedesk.server.admission import WorkQueue
from guidedesk.server.app import create_app
from guidedesk.server.expected_work import MOST_BELIEVED, ExpectedWork
from guidedesk.server.limits import UNLIMITED
from tests.server.http_server import HttpServer
from tests.server.people_at_work import hello, registration
from tests.server.shop import Shop
from tests.server.test_admission import Now, told


def test_what_was_brought_is_not_expected_any_more_nor_what_nobody_speaks_of() -> None:
    now = Now()
    expected = ExpectedWork(now)
    expected.said("a", 700)
    expected.said("b", 30)
    assert expected.left() == MOST_BELIEVED + 30
    expected.brought("a", 500)
    assert expected.left() == MOST_BELIEVED + 30  # of the two hundred that it has yet
    expected.brought("a", 120)
    expected.brought("b", 40)  # some were recorded since
    expected.brought("c", 9)  # said nothing
    assert expected.left() == 80
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


def test_who_says_much_and_brings_nothing_holds_others_up_for_a_while_only() -> None:
    now = Now()
    expected = ExpectedWork(now)
    pushes = WorkQueue("sync", 2, 8, now, coming=expected.left)
    pulls = WorkQueue("pull", 2, 8, now, behind=pushes)
    held = 0
    for hello_no in range(60):
        now.at += 5
        expected.said("liar", 500_000)
        expected.brought("liar", 50, repeated=50)  # the same again and again is nothing either
        try:
            with pulls.enter(f"fetching-{hello_no}"):
                pass
        except Refused:
            held += 1
    assert held == 2
    assert expected.left() == 0
    # One that brings what it says is waited for all the time, beside the other.
    for number in range(20):
        now.at += 5
        expected.said("liar", 500_000)
        expected.said("honest", 60)
        assert told(pulls, f"beside-{number}") >= 2
        expected.brought("honest", 60)
        with pulls.enter(f"after-{number}"):
            pass


def test_who_brings_little_of_what_it_says_is_believed_for_little() -> None:
    expected = ExpectedWork(Now())
    believed: list[int] = []
    for _ in range(8):
        expected.said("a", 5_000)
        believed.append(expected.left())
        expected.brought("a", 1)
    assert believed == [100, 50, 25, 12, 6, 3, 2, 2]
    for _ in range(4):
        expected.said("a", 1)  # nor does a promise of little that is kept, or of nothing, make one of much believed
        expected.brought("a", 1)
        expected.said("a", 0)
    expected.said("a", 5_000)
    assert expected.left() == 2
    expected.brought("a", 500)  # a batch, and then its line broke
    expected.said("a", 4_500)
    assert expected.left() == MOST_BELIEVED


def test_who_is_sent_away_before_it_could_bring_any_is_believed_as_before() -> None:
    expected = ExpectedWork(Now())
    for _ in range(8):
        expected.said("a", 5_000)
        expected.turned_away("a")
        expected.turned_away("nobody we know")
    assert expected.left() == MOST_BELIEVED
    expected.said("a", 5_000)
    expected.said("a", 5_000)  # it was let in since, and did not come
    assert expected.left() == MOST_BELIEVED // 2


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


def test_honest_counters_fetch_beside_one_that_lies(shop: Shop) -> None:
    app = create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    server, shop.client = shop.client, HttpServer(app)
    liar, honest, fetching = shop.counter(), shop.counter(), shop.counter()

    def fetch() -> int:
        query = f"scope={fetching.scope_id}&epoch=1&after=0&limit=10"
        return int(fetching.call("GET", "/v1/sync/changes", query=query).status_code)

    answered: list[int] = []
    for _ in range(4):
        liar.call("POST", "/v1/sync/hello", hello(unsent=500))
        answered.append(fetch())
    assert [status == 503 for status in answered] == [True, True, False, False]
    honest.call("POST", "/v1/sync/hello", hello(unsent=50))
    assert fetch() == 503, "what the honest one brings comes first"
    assert honest.do(registration(shop))["status"] == "accepted"
    liar.call("POST", "/v1/sync/hello", hello())
    assert fetch() == 200
    shop.client.close()
    shop.client = server


def test_a_counter_that_finds_no_room_is_believed_on(shop: Shop) -> None:
    app = create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    server, shop.client = shop.client, HttpServer(app)
    counter, queue = shop.counter(), app.state.queues["sync"]
    queue.inside, queue.most_waiting = queue.workers, 0  # everybody is at work, and nobody may wait
    sent = counter.envelope(registration(shop), "a1")
    for _ in range(8):
        counter.call("POST", "/v1/sync/hello", hello(unsent=500))
        assert counter.push(sent).status_code == 503
    counter.call("POST", "/v1/sync/hello", hello(unsent=500))
    assert app.state.context.expected.left() == MOST_BELIEVED
    shop.client.close()
    shop.client = server
