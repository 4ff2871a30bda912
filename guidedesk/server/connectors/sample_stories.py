"""People of the sample chain who are always there, for a first look: each shows one kind of day at the counter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Shopper = Literal["super", "ordinary", "casual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A named member. Days count back from `today` (`due_in`, `birthday_in`: forward); the store is Lakeside.

    `orders`: days ago, channel, article, size, colour, amount in yuan, days until it came back (0: kept).
    """

    name: str
    phone: str
    shopper: Shopper
    owner: str | None
    bound_ago: int = 60
    touched_ago: int = 5
    joined_ago: int = 860
    tags: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    birthday: str | None = None
    birthday_in: int | None = None
    due_in: int | None = None
    due_time: str | None = None
    reason: str = "promised"
    channel: str | None = "wechat"
    text: str = ""
    notes: tuple[tuple[int, str, str, str], ...] = ()
    orders: tuple[tuple[int, str, str, str, str, int, int], ...] = ()


STORIES: Final = (
    Story(
        name="沈知微", phone="+8613800002746", shopper="super", owner="A017", bound_ago=6, touched_ago=6,
        tags=("羊绒", "通勤", "养猫", "不喜打折话术"), refuses=("phone",), birthday="03-08",
        due_in=4, due_time="19:00", text="问大衣决定，附雾蓝实拍图",
        notes=(
            (3, "wechat", "deciding", "发了围巾搭配图，回“好看，周末想来试大衣”。"),
            (6, "visit", "tried", "试了双面羊绒大衣 M，肩线合适，等丈夫周三看过再定。"),
            (55, "visit", "tried", "试了 M 驼色大衣，嫌太早买，天冷了再联系。"),
            (120, "wechat", "not_interested", "问过风衣，今年不打算添。"),
        ),
        orders=(
            (1, "online", "羊毛真丝围巾", "均码", "藏青", 868, 0),
            (2, "store", "针织开衫", "M", "燕麦", 699, 0),
            (2, "store", "阔腿裤", "M", "灰", 599, 0),
            (28, "store", "美丽诺圆领毛衣", "M", "米白", 599, 0),
            (28, "store", "羊毛半裙", "L", "灰", 459, 5),
            (80, "online", "轻羊毛西装", "M", "灰", 1690, 0),
            (163, "mini", "羊毛亚麻长裤", "M", "米白", 759, 0),
            (247, "store", "羊毛府绸衬衫", "M", "米白", 629, 0),
            (258, "mini", "羊毛裹身连衣裙", "M", "藏青", 1480, 0),
            (313, "online", "羔羊毛手套", "均码", "黑", 272, 0),
            (338, "store", "双面羊绒大衣", "M", "炭灰", 2799, 0),
            (402, "store", "羊绒高领衫", "M", "燕麦", 1299, 0),
            (455, "online", "真丝衬衫", "M", "燕麦", 1080, 0),
            (521, "store", "百褶长裙", "M", "炭灰", 689, 0),
            (590, "store", "烟管西裤", "M", "驼", 629, 0),
            (640, "online", "羊绒帽", "均码", "驼", 329, 0),
            (702, "store", "长款风衣", "M", "黑", 1899, 0),
        ),
    ),
    Story(
        name="秦之恒", phone="+8613900001150", shopper="super", owner="A017", touched_ago=12, due_in=-2,
        text="试穿的羊绒大衣是否合适", tags=("常出差", "男士一起来"),
        notes=((9, "visit", "tried", "给太太试双面羊绒大衣 S，先带尺码回去问。"),),
    ),
    Story(
        name="叶青禾", phone="+8615000003862", shopper="ordinary", owner="A017", touched_ago=20,
        birthday_in=0, due_in=0, reason="birthday", text="今天生日，生日礼券待送", tags=("会员日来",),
    ),
    Story(
        name="许嘉树", phone="+8615800007731", shopper="ordinary", owner="A017", touched_ago=8, due_in=0,
        reason="reorder", text="羊绒护理液用到第 55 天，通常 60 天复购", tags=("羊绒",),
    ),
    Story(
        name="江雨桐", phone="+8618600004408", shopper="super", owner="A017", touched_ago=3, due_in=0, due_time="15:30",
        reason="visit", channel=None, text="15:30 到店试新款风衣，已留 M 沙色", tags=("提前看新款", "爱试穿"),
    ),
    Story(
        name="陆思远", phone="+8613700009216", shopper="ordinary", owner="A017", touched_ago=27, bound_ago=90, due_in=0,
        reason="reorder", channel="phone", text="衬衫大约 90 天添一件，今天到日子", tags=("通勤",),
    ),
    Story(
        name="唐可欣", phone="+8617700005520", shopper="casual", owner="A017", touched_ago=13, bound_ago=13,
        birthday_in=1, due_in=1, reason="birthday", channel=None, refuses=("sms", "wechat"),
        text="明天生日，尚未同意营销短信，仅限当面祝福",
    ),
    Story(name="方若溪", phone="+8613800004471", shopper="ordinary", owner=None, tags=("周末来",)),
    Story(name="宋子雯", phone="+8618600000318", shopper="ordinary", owner="A021", touched_ago=4),
    Story(name="孙梓汶", phone="+8613500007702", shopper="casual", owner=None),
    Story(name="苏昭文", phone="+8617700005541", shopper="ordinary", owner="A009", touched_ago=40, bound_ago=200),
)  # fmt: skip
