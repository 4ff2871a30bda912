"""What happened between the associates and a sample member: visits, interactions with notes, follow-ups."""

from __future__ import annotations

from typing import Final

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import Row
from guidedesk.server.connectors.sample_members import Identity
from guidedesk.server.connectors.sample_world import MINUTE_MS, SOURCE, World, associates_of, staff_id, store_id
from guidedesk.server.order_types import OrderIn

_KINDS: Final = ("visit", "wechat", "sms", "mini", "phone")
_CONSENT_OF: Final = {"wechat": "wechat", "sms": "sms", "phone": "phone"}
_KIND_SHARES: Final = (46, 36, 5, 5, 8)
_INTERACTIONS: Final = {"super": (2, 7), "ordinary": (0, 3), "casual": (0, 1)}
_RECENT_DAYS: Final = 365
# outcome: share, notes; {item} an article she bought, {size} her size, {colour} a colour she likes
_NOTES: Final = {
    "bought": (
        26,
        (
            "买了{item} {size}，说版型合身。",
            "先试后买，{item}带走了，裤长已量。",
            "给妈妈挑的{item}，要了礼盒。",
            "按上次说的{colour}留的{item}，今天来取。",
        ),
    ),
    "tried": (
        22,
        (
            "试了{item} {size}，肩线合适，觉得价格偏高。",
            "试穿{item}，{colour}没有{size}，帮她登记了到货提醒。",
            "{item}试了两件，拍了照回去想。",
            "觉得{item}袖子长，改袖要加三天。",
        ),
    ),
    "deciding": (
        20,
        (
            "等家人意见，周末再来看{item}。",
            "问{item}会不会起球，发了洗护说明。",
            "想等会员日，答应提前一天提醒。",
            "{colour}和另一个颜色拿不定，各发了一张自然光的图。",
        ),
    ),
    "not_interested": (
        14,
        (
            "这季不打算添衣服，别再推{item}。",
            "只是路过，说下个月出差回来再看。",
            "不喜欢太宽松的版型。",
            "觉得{colour}不显气色。",
        ),
    ),
    "not_reached": (
        18,
        (
            "没回消息，过两天再发。",
            "电话没接，改发微信。",
            "已读未回，先不打扰。",
            "说在开会，晚上再联系。",
        ),
    ),
}
_PROMISES: Final = (
    "{item} {size} 到货，拍照给她",
    "问{item}穿得怎么样",
    "会员日前一天提醒",
    "改好的裤子可以取了",
    "发{colour}的新款搭配图",
    "大衣等她先生看过再定",
)
_REORDERS: Final = (
    "护理液用到第 55 天，通常 60 天复购",
    "衬衫大约 90 天添一件",
    "换季，去年这时买过{item}",
)
_VISITS: Final = (
    "约了到店试{item}，留 {size}",
    "约了下午来取礼盒",
    "周末带朋友来，先备三套搭配",
)
_FOLLOW_UP_PERCENT: Final = 24
_BIRTHDAY_AHEAD: Final = 7


def engagement_rows(world: World, who: Identity, orders: list[OrderIn]) -> dict[str, list[Row]]:
    """Her visits, interactions and follow-ups, for her home scope."""
    here = [o for o in orders if o.channel == "store" and o.store_id == store_id(who.home)]
    return {
        "visit": [_visit(who, n, order) for n, order in enumerate(here) if n == 0 or who.dice.percent(60)],
        "interaction": _interactions(world, who, orders),
        "follow_up": _follow_ups(world, who, orders),
    }


def _associate(who: Identity) -> str:
    if who.owner and who.dice.percent(80):
        return staff_id(who.owner)
    return staff_id(who.dice.pick(associates_of(who.home)).number)


def _visit(who: Identity, number: int, order: OrderIn) -> Row:
    # The code was scanned while she tried things on, some minutes before she paid.
    return {
        "id": derived_id(SOURCE, "visit", who.member_id, number),
        "member_id": who.member_id,
        "associate_id": order.seller_id or staff_id(who.registrar),
        "device_id": derived_id(SOURCE, "counter", who.home, 1 + number % 2),
        "assurance": 1,
        "occurred_at_ms": order.paid_at_ms - who.dice.number(4, 25) * MINUTE_MS,
    }


def _words(who: Identity, orders: list[OrderIn], text: str) -> str:
    item = who.dice.pick(orders[0].lines).name if orders else "针织开衫"
    return text.format(item=item, size=who.size, colour=who.dice.pick(who.colours) + "色")


def _interactions(world: World, who: Identity, orders: list[OrderIn]) -> list[Row]:
    if who.story and who.story.notes:
        return [
            _interaction(world, who, n, (days, 17 * 60, kind, outcome, note), staff_id(who.owner or who.registrar))
            for n, (days, kind, outcome, note) in enumerate(who.story.notes)
        ]
    dice = who.dice
    rows = []
    for number in range(dice.number(*_INTERACTIONS[who.shopper])):
        days = dice.number(1, min(_RECENT_DAYS, who.joined_ago))
        kind = dice.weighted(_KINDS, _KIND_SHARES)
        if not who.consents.get(_CONSENT_OF.get(kind, "service"), False):
            kind = "visit"
        outcomes = tuple(o for o in _NOTES if kind != "visit" or o != "not_reached")
        outcome = dice.weighted(outcomes, tuple(_NOTES[o][0] for o in outcomes))
        note = _words(who, orders, dice.pick(_NOTES[outcome][1]))
        minute = dice.number(10 * 60, 20 * 60 + 30)
        rows.append(_interaction(world, who, number, (days, minute, kind, outcome, note), _associate(who)))
    return rows


def _interaction(world: World, who: Identity, number: int, said: tuple[int, int, str, str, str], by: str) -> Row:
    days, minute, kind, outcome, note = said
    return {
        "id": derived_id(SOURCE, "interaction", who.member_id, number),
        "member_id": who.member_id,
        "associate_id": by,
        "kind": kind,
        "outcome": outcome,
        "note": note,
        "occurred_at_ms": world.moment(days, minute),
        "is_withdrawn": 0,
    }


def _follow_ups(world: World, who: Identity, orders: list[OrderIn]) -> list[Row]:
    story, dice = who.story, who.dice
    if story:
        if story.due_in is None:
            return []
        return [_follow_up(world, who, story.due_in, story.reason, story.text, story.channel, story.due_time)]
    if who.owner is None:
        return []
    days = _days_to_birthday(world, who)
    if days is not None and days <= _BIRTHDAY_AHEAD:
        words = "今天生日，生日礼券待送" if days == 0 else "生日快到了，备一张手写卡"
        return [_follow_up(world, who, days, "birthday", words, _channel(who), None)]
    if not dice.percent(_FOLLOW_UP_PERCENT):
        return []
    due_in = dice.weighted((-dice.number(1, 6), 0, dice.number(1, 21), -dice.number(7, 60)), (16, 20, 40, 24))
    reason = dice.weighted(("promised", "reorder", "visit"), (62, 22, 16))
    text = _words(who, orders, dice.pick({"promised": _PROMISES, "reorder": _REORDERS, "visit": _VISITS}[reason]))
    time = f"{dice.number(11, 19)}:{dice.pick(('00', '30'))}" if reason == "visit" else None
    row = _follow_up(world, who, due_in, reason, text, None if reason == "visit" else _channel(who), time)
    return [row | _done(world, who, due_in) if due_in <= -7 else row]


def _channel(who: Identity) -> str | None:
    allowed = [purpose for purpose in ("wechat", "phone", "sms") if who.consents.get(purpose)]
    return allowed[0] if allowed else None


def _days_to_birthday(world: World, who: Identity) -> int | None:
    for days in range(_BIRTHDAY_AHEAD + 1):
        if who.birthday == f"{world.day(-days):%m-%d}":
            return days
    return None


def _done(world: World, who: Identity, due_in: int) -> Row:
    return {
        "state": "done",
        "done_by": staff_id(who.owner or who.registrar),
        "done_at_ms": world.moment(-due_in, 18 * 60),
        "result": "已联系",
    }


def _follow_up(
    world: World, who: Identity, due_in: int, reason: str, text: str, channel: str | None, time: str | None
) -> Row:
    return {
        "id": derived_id(SOURCE, "follow_up", who.member_id, 0),
        "member_id": who.member_id,
        "associate_id": staff_id(who.owner or who.registrar),
        "due_date": world.day(-due_in).isoformat(),
        "due_time": time,
        "reason": reason,
        "text": text,
        "channel": channel,
        "created_at_ms": world.moment(max(1, 9 - due_in), 16 * 60),
        "state": "open",
    }
