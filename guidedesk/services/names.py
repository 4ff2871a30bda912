"""Search keys of a name: pinyin and initials, with surnames read as surnames (FACTS.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# Surnames that are read in more than one way: the reading of the surname, then those people type as well, be it
# another family's reading or the common one of the character (which pypinyin would give).
SURNAMES: Final[dict[str, tuple[str, ...]]] = {
    "单": ("shan", "dan"), "曾": ("zeng", "ceng"), "仇": ("qiu", "chou"), "解": ("xie", "jie"), "区": ("ou", "qu"),
    "朴": ("piao", "pu"), "查": ("zha", "cha"), "盖": ("ge", "gai"), "任": ("ren",), "华": ("hua",),
    "洗": ("xian", "xi"), "冼": ("xian",), "员": ("yun", "yuan"), "乐": ("yue", "le"), "葛": ("ge",),
    "翟": ("zhai", "di"), "缪": ("miao", "mou", "miu"), "秘": ("bi", "mi"), "折": ("she", "zhe"), "黑": ("he", "hei"),
    "尉": ("wei", "yu"), "长": ("chang", "zhang"), "覃": ("qin", "tan"), "宓": ("fu", "mi"), "燕": ("yan",),
    "召": ("shao", "zhao"), "繁": ("po", "fan"), "种": ("chong", "zhong"), "逄": ("pang", "feng"),
    "牟": ("mou", "mu"), "宁": ("ning",), "应": ("ying",), "卜": ("bu", "bo"), "薄": ("bo", "bao"),
    "柏": ("bai", "bo"), "褚": ("chu", "zhu"), "祭": ("zhai", "ji"), "隗": ("wei", "kui"), "那": ("na", "nuo"),
    "哈": ("ha",), "佴": ("nai", "er"), "乜": ("nie", "mie"), "句": ("gou", "ju"), "车": ("che", "ju"),
    "郇": ("xun", "huan"), "谌": ("chen", "shen"), "都": ("du", "dou"), "么": ("yao", "me"), "吕": ("lv", "lyu"),
    "石": ("shi", "dan"), "晟": ("cheng", "sheng"), "郗": ("xi", "chi"), "郄": ("qie", "xi"), "阚": ("kan", "han"),
    "眭": ("sui",), "於": ("yu", "wu"), "莘": ("shen", "xin"), "强": ("qiang", "jiang"), "藏": ("zang", "cang"),
    "贲": ("ben", "bi"), "费": ("fei", "bi"), "逢": ("pang", "feng"), "钭": ("tou", "dou"), "贠": ("yun", "yuan"),
    "俞": ("yu", "shu"), "盛": ("sheng", "cheng"), "曲": ("qu",), "瞿": ("qu", "ju"), "行": ("xing", "hang"),
    "幺": ("yao",), "訾": ("zi",), "沈": ("shen", "chen"), "占": ("zhan",), "叶": ("ye", "xie"),
    "重": ("chong", "zhong"),
}  # fmt: skip
# Surnames of two characters whose first is read otherwise than alone.
DOUBLE_SURNAMES: Final[dict[str, tuple[str, str]]] = {
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "单于": ("chan", "yu"),
    "澹台": ("tan", "tai"), "乐正": ("yue", "zheng"), "宰父": ("zai", "fu"), "呼延": ("hu", "yan"),
    "令狐": ("ling", "hu"), "夏侯": ("xia", "hou"),
}  # fmt: skip


@lru_cache(maxsize=8192)
def _read(char: str) -> str:
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    # One character at a time is asked: the dictionary of phrases would be 46 MB that a counter never looks at.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    from pypinyin import Style, pinyin  # late: 120 ms that a first window does not need

    return pinyin(char, style=Style.NORMAL, errors="ignore")[0][0] if pinyin(char, errors="ignore") else ""


def search_keys(name: str) -> tuple[str, str]:
    """(`pinyin`, `initials`) of a name: 沈知微 -> ("shenzhiwei", "szw"); Latin words keep their letters."""
    syllables: list[str] = []
    double = DOUBLE_SURNAMES.get(name[:2], ())
    for position, char in enumerate(name.replace(" ", "\x1f")):
        if char == "\x1f":
            syllables.append("")
            continue
        if position < len(double):
            reading = double[position]
        else:
            reading = SURNAMES[char][0] if position == 0 and char in SURNAMES else _read(char)
        if char.isascii() and syllables and syllables[-1] and name[position - 1].isascii():
            syllables[-1] += reading
        elif reading:
            syllables.append(reading)
    return "".join(syllables), "".join(s[0] for s in syllables if s)


def other_readings(typed: str) -> Iterator[tuple[str, str]]:
    """(surname, beginning of the `pinyin` kept) where a typed pinyin reads a surname in its other way.

    Both readings are found through the one index: "danxiao" means 单 with "shanxiao". A text that is only the
    beginning of the other reading means everybody of the surname.
    """
    for surname, (kept, *others) in SURNAMES.items():
        if not kept.startswith(typed):
            for other in others:
                if typed.startswith(other):
                    yield surname, kept + typed[len(other) :]
                elif other.startswith(typed):
                    yield surname, kept
                else:
                    continue
                break


def other_initials(typed: str) -> Iterator[tuple[str, str]]:
    """(surname, beginning of the `initials` kept) where typed initials begin with a surname's other reading."""
    for surname, (kept, *others) in SURNAMES.items():
        if kept[0] != typed[0] and any(other[0] == typed[0] for other in others):
            yield surname, kept[0] + typed[1:]
