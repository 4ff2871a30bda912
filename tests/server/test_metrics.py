"""Whoever runs the server sees how it does, nobody else does, and nothing of it is about a person."""

from __future__ import annotations

import re

import pytest

from guidedesk.cli import main
from guidedesk.domain.ids import new_id
from guidedesk.server.secrets import write_secrets
from guidedesk.services.operations import RecordVisit
from tests.server.people_at_work import hello, joined
from tests.server.shop import Counter, Shop

_SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="[^"\n]*",?)*)\})? (-?[0-9.e+]+)$')


def read(shop: Shop, **headers: str) -> dict[tuple[str, str], float]:
    answer = shop.client.request("GET", "/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found: dict[tuple[str, str], float] = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            match = _SAMPLE.match(line)
            assert match, line
            found[match[1], match[2] or ""] = float(match[3])
    return found


def greet(counter: Counter, unsent: int) -> None:
    assert counter.call("POST", "/v1/sync/hello", hello(unsent=unsent)).status_code == 200


def test_calls_operations_and_counters_are_counted(shop: Shop) -> None:
    counter, other = shop.counter(), shop.counter(1)
    member_id = joined(shop, counter)
    counter.do(RecordVisit(visit_id=new_id(shop.clock.now_ms, shop.random.bytes(10)), member_id=member_id))
    counter.do(RecordVisit(visit_id=new_id(shop.clock.now_ms, shop.random.bytes(10)), member_id=shop.new_id()))
    greet(counter, 17)
    assert other.call("GET", "/v1/sync/changes", query="scope=nobody").status_code == 404
    found = read(shop)
    assert found["guidedesk_requests_total", 'lane="push",status="200"'] == 3
    assert found["guidedesk_requests_total", 'lane="changes",status="404"'] == 1
    assert found["guidedesk_request_seconds_count", 'lane="push"'] == 3
    assert found["guidedesk_request_seconds_bucket", 'lane="push",le="+Inf"'] == 3
    assert found["guidedesk_operations_total", 'status="accepted"'] == 2
    assert found["guidedesk_operations_total", 'status="rejected"'] == 1
    assert found["guidedesk_counters", 'store="S1"'] == found["guidedesk_counters", 'store="S2"'] == 1
    assert found["guidedesk_counters_unsent", 'store="S1"'] == 17
    assert found["guidedesk_last_contact_seconds", 'store="S1"'] == shop.clock.now_ms / 1000
    assert found["guidedesk_counters_silent", 'store="S2"'] == 1
    assert found["guidedesk_queue_waiting", 'queue="sync"'] == 0
    assert found["guidedesk_queue_turned_away_total", 'queue="sync"'] == 0
    assert found["guidedesk_memory_bytes", ""] > 10_000_000
    assert found["guidedesk_database_connections", 'state="most"'] >= 8


def test_buckets_only_grow(shop: Shop) -> None:
    shop.client.request("GET", "/v1/health")
    found = read(shop)
    counts = [value for (name, labels), value in found.items() if name.endswith("_bucket") and "health" in labels]
    assert counts == sorted(counts)
    assert counts[-1] == 1


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_of_this_machine_passes_nobody_in_without_the_token(shop: Shop, name: str) -> None:
    refused = shop.client.request("GET", "/metrics", headers={name: "203.0.113.9"})
    missing = shop.client.request("GET", "/v1/nothing")
    assert refused.status_code == missing.status_code == 404
    wrong = {name: "203.0.113.9", "Authorization": "Bearer " + "0" * 64}
    assert shop.client.request("GET", "/metrics", headers=wrong).status_code == 404
    right = {name: "203.0.113.9", "Authorization": f"Bearer {shop.secrets.metrics_token()}"}
    assert shop.client.request("GET", "/metrics", headers=right).status_code == 200


def test_the_token_is_told_at_the_machine_of_the_server(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = tmp_path_factory.mktemp("keys") / "secrets.json"
    write_secrets(secrets, shop.secrets)
    assert main(["admin", "metrics-token", "--database", shop.url, "--secrets", str(secrets)]) == 0
    assert capsys.readouterr().out.strip() == shop.secrets.metrics_token()
    assert shop.secrets.metrics_token() != shop.secrets.log_salt.hex()


def test_nothing_is_about_a_person(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    greet(counter, 0)
    text = shop.client.request("GET", "/metrics").text
    for private in (member_id, counter.device_id, "沈", "138", *shop.staff.values()):
        assert private not in text
