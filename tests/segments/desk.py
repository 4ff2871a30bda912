"""What a manager asks at her counter, as JSON over real HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from guidedesk.domain.time import local_date
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.server.segment_stores import SegmentStores
from guidedesk.server.staff import set_pins
from guidedesk.services.operations import SetConsent
from guidedesk.services.segments import AudienceCount, Board, OutreachInfo, OutreachPreview, SegmentInfo
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import joined
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_earnings import served
from tests.server.test_month import CHEAP, PIN, signed_in

T = TypeVar("T")
DAY = 86_400_000
EVERYBODY: dict[str, Any] = {"mode": "all", "conditions": []}


@dataclass
class Desk:
    shop: Shop
    counter: Counter
    session: str
    who: str = "m1"
    stores: SegmentStores = field(default_factory=SegmentStores)

    def ask(self, path: str, **body: Any) -> Any:
        whole = {"staff_id": self.shop.staff[self.who], **body}
        return self.counter.call("POST", f"/v1/segments/{path}", whole, session=self.session)

    def get(self, document: type[T], path: str, /, **body: Any) -> T:
        answer = self.ask(path, **body)
        assert answer.status_code == 200, answer.text
        return read_document(document, answer.json())

    def refused(self, path: str, **body: Any) -> str:
        answer = self.ask(path, **body)
        assert answer.status_code >= 400, answer.text
        return str(answer.json()["error"]["code"])

    def board(self) -> Board:
        return self.get(Board, "board")

    def count(self, *conditions: dict[str, Any], mode: str = "all", **more: Any) -> AudienceCount:
        body = {"segment_id": None, "audience": {"mode": mode, "conditions": list(conditions)}, "channel": "wechat"}
        return self.get(AudienceCount, "count", **(body | {"cap_week": None} | more))

    def save(self, *conditions: dict[str, Any], **more: Any) -> SegmentInfo:
        body: dict[str, Any] = {"segment_id": self.shop.new_id(), "version": 0, "name": "羊绒老客", "kind": "dynamic"}
        body["audience"] = {"mode": "all", "conditions": list(conditions)}
        return self.get(SegmentInfo, "save", **(body | more))

    def wanted(self, segment: SegmentInfo, **more: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"segment_id": segment.id, "channel": "wechat", "due_date": self.day(5), "cap_week": 2}
        return body | {"template": "{name} 您好，上次的 {item} 穿着还好吗？", "lang": "zh_CN"} | more

    def day(self, ahead: int) -> str:
        """A local day from today on."""
        return (local_date(self.shop.clock.now_ms, "Asia/Shanghai") + timedelta(days=ahead)).isoformat()

    def preview(self, segment: SegmentInfo, **more: Any) -> OutreachPreview:
        return self.get(OutreachPreview, "preview", **self.wanted(segment, **more))

    def send(self, segment: SegmentInfo, outreach_id: str = "", **more: Any) -> OutreachInfo:
        return self.get(
            OutreachInfo, "send", outreach_id=outreach_id or self.shop.new_id(), **self.wanted(segment, **more)
        )

    def recall(self, outreach: OutreachInfo) -> OutreachInfo:
        return self.get(OutreachInfo, "recall", outreach_id=outreach.id)

    # --- the world ---

    def member(self, name: str, *, owner: str = "a1", channels: tuple[str, ...] = ("wechat",), **more: Any) -> str:
        """Somebody who joined here, is somebody's, and agreed to be written to."""
        member_id = joined(self.shop, self.counter, name=name, **more)
        for channel in channels:
            assert (
                self.counter.do(SetConsent(member_id=member_id, purpose=channel, is_given=True))["status"] == "accepted"
            )
        if owner:
            self.bind(member_id, owner)
        return member_id

    def bind(self, member_id: str, owner: str) -> None:
        """Served by somebody when she was nobody's yet: hers from now on."""
        served(self.shop, self.counter, member_id, owner)

    def later(self, days: int) -> None:
        """So many days pass; she signs in again."""
        self.shop.clock.now_ms += days * DAY
        self.session = signed_in(self.shop, self.counter, self.who.upper())

    def buy(self, number: str, member_id: str, *, days_ago: int = 0, category: str = "羊绒", **more: Any) -> None:
        line = LineIn(1, f"SKU-{category}", f"{category}开衫", 1, more.pop("amount_minor", 120_000),
                      category=category, size="M", colour="雾蓝")  # fmt: skip
        values: dict[str, Any] = {
            "source": "till", "external_id": number, "channel": "store", "store_id": self.shop.stores[0],
            "paid_at_ms": self.shop.clock.now_ms - days_ago * DAY, "currency": "CNY", "lines": (line,),
            "member_id": member_id,
        }  # fmt: skip
        record_order(self.shop.database, OrderIn(**(values | more)), now_ms=self.shop.clock.now_ms)


def open_desk(shop: Shop) -> Desk:
    numbers = [(number, PIN) for number in ("M1", "M2", "A1", "A2")]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, numbers, CHEAP)
    counter = shop.counter()
    return Desk(shop, counter, signed_in(shop, counter, "M1"))
