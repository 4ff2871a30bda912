"""Search keys of a name: pinyin and initials, with surnames read as surnames (FACTS.md)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Surnames whose common reading is another; pypinyin reads these characters as ordinary words.
SURNAMES: Final = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "区": "ou", "朴": "piao", "查": "zha", "盖": "ge",
    "任": "ren", "华": "hua", "洗": "xian", "冼": "xian", "员": "yun", "乐": "yue", "葛": "ge", "翟": "zhai",
    "缪": "miao", "秘": "bi", "折": "she", "黑": "he", "尉": "wei", "长": "chang", "覃": "qin", "宓": "fu",
    "燕": "yan", "召": "shao", "繁": "po", "种": "chong", "逄": "pang", "牟": "mou", "宁": "ning", "应": "ying",
}  # fmt: skip


@lru_cache(maxsize=8192)
def _read(char: str) -> str:
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    from pypinyin import Style, pinyin  # late: 165 ms that a first window does not need

    return pinyin(char, style=Style.NORMAL, errors="ignore")[0][0] if pinyin(char, errors="ignore") else ""


def search_keys(name: str) -> tuple[str, str]:
    """(`pinyin`, `initials`) of a name: 沈知微 -> ("shenzhiwei", "szw"); Latin words keep their letters."""
    syllables: list[str] = []
    for position, char in enumerate(name.replace(" ", "\x1f")):
        if char == "\x1f":
            syllables.append("")
            continue
        reading = SURNAMES.get(char) if position == 0 else None
        reading = reading or _read(char)
        if char.isascii() and syllables and syllables[-1] and name[position - 1].isascii():
            syllables[-1] += reading
        elif reading:
            syllables.append(reading)
    return "".join(syllables), "".join(s[0] for s in syllables if s)
