"""Invented people of the sample chain: who works there, and what its members may be called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guidedesk.domain.people import Role


@dataclass(frozen=True, slots=True)
class SampleStaff:
    """One person of the staff; `pin` is printed by the demo and guards invented data only."""

    number: str
    name: str
    name_en: str
    role: Role
    store: str
    pin: str


@dataclass(frozen=True, slots=True)
class SampleStore:
    """A shop of the sample chain; its code begins its receipt numbers."""

    code: str
    name: str
    name_en: str
    kind: str = "store"


BRAND: Final = ("松屿", "SONGYU")
STORES: Final = (
    SampleStore("HB", "湖滨店", "Lakeside"),
    SampleStore("WL", "武林店", "Wulin"),
    SampleStore("BJ", "滨江店", "Binjiang"),
    SampleStore("WEB", "线上商城", "Online shop", "online"),
)
# number, name, English name, store, PIN
_PEOPLE: Final = """
A003 顾安然 Gu|Anran HB 508213
A009 周牧 Zhou|Mu HB 913046
A012 程一诺 Cheng|Yinuo HB 268594
A017 林晓夏 Lin|Xiaoxia HB 417260
A021 何静怡 He|Jingyi HB 738915
A024 陈柏 Chen|Bai HB 682957
A027 许望舒 Xu|Wangshu HB 145709
A030 苏蔓 Su|Man HB 396182
M002 高岚 Gao|Lan HB 826714
A001 沈嘉宁 Shen|Jianing WL 571930
A004 吴子衿 Wu|Zijin WL 284617
A007 郑书瑶 Zheng|Shuyao WL 609358
A010 冯一鸣 Feng|Yiming WL 835142
A013 蒋若兰 Jiang|Ruolan WL 192764
A016 韩知夏 Han|Zhixia WL 467081
A019 曾雨薇 Zeng|Yuwei WL 753209
A022 杜明远 Du|Mingyuan WL 318596
M001 谢文澜 Xie|Wenlan WL 940571
A002 方晴 Fang|Qing BJ 652830
A005 叶澄 Ye|Cheng BJ 107495
A008 潘予安 Pan|Yu'an BJ 586274
A011 陆清和 Lu|Qinghe BJ 239061
A014 任语桐 Ren|Yutong BJ 874613
A018 宋朝暮 Song|Zhaomu BJ 469728
A020 孟星野 Meng|Xingye BJ 715390
A023 白鹿鸣 Bai|Luming BJ 328156
M003 姚思远 Yao|Siyuan BJ 961407
"""


def _staff() -> tuple[SampleStaff, ...]:
    people = []
    for line in _PEOPLE.split("\n"):
        if line:
            number, name, english, store, pin = line.split(" ")
            role: Role = "manager" if number.startswith("M") else "associate"
            people.append(SampleStaff(number, name, english.replace("|", " "), role, store, pin))
    return tuple(people)


STAFF: Final = _staff()
PINS: Final[tuple[tuple[str, str], ...]] = tuple((person.number, person.pin) for person in STAFF)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES: Final = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤单仇解"
)
# The commonest surnames first: a third of the members share ten of them, as people do.
COMMON_SURNAMES: Final = SURNAMES[:10]
FEMALE_GIVEN: Final = _words(
    """
    知微 若溪 雨桐 可欣 青禾 静怡 梓涵 欣妍 诗涵 雨欣 思琪 语嫣 佳怡 梦瑶 晓彤 婉清 书瑶 芷若 念安 一诺
    子雯 昭文 梓汶 书宁 念初 未然 安琪 采薇 初夏 丹宁 芳 敏 静 丽 燕 娟 玲 秀英 桂芳 海燕 晓燕 春梅 雪
    莹 倩 蕾 颖 洁 婷 慧 佩珊 心怡 美玲 淑贞 亦菲 嘉禾 沐晴 云舒 星若 曼青 疏影 南乔 清欢 乐怡 凝霜 晚晴
    之遥 若初 映雪 芷兰 巧玲 文静 秋月 素心 子衿 怀瑾
    """
)
MALE_GIVEN: Final = _words(
    """
    嘉树 思远 之恒 明宇 一帆 知秋 浩然 宇轩 子轩 俊杰 伟 强 磊 军 勇 杰 涛 超 明 建国 志强 文博 泽宇
    天佑 景行 承泽 牧之 怀远 启明 修远 向阳 子墨 亦辰 少峰 立新 国栋 振华 晨阳 书恒 砚之
    """
)
FEMALE_PERCENT: Final = 78
MOBILE_PREFIXES: Final = ("135", "136", "137", "138", "139", "150", "151", "158", "159", "177", "186", "188")
TAGS: Final = _words(
    """
    羊绒 通勤 养猫 养狗 不喜打折话术 喜欢蓝灰 常出差 怕痒不穿羊毛 爱试穿 帮妈妈买 送礼多 周末来
    午休来 偏爱宽松 个子小 个子高 需要改裤长 看重面料 瑜伽 老师 律师 刚生宝宝 常买围巾 提前看新款
    会员日来 男士一起来 少打扰 爱拍照 环保面料 手洗党
    """
)
