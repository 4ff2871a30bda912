"""What the sample chain sells: knitwear, coats and what goes with them, in sizes and colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

LETTER_SIZES: Final = ("XS", "S", "M", "L", "XL")
COLOURS: Final = {
    "雾蓝": "dusty blue", "炭灰": "charcoal", "燕麦": "oat", "米白": "ivory", "黑": "black", "驼": "camel",
    "沙": "sand", "白": "white", "墨绿": "bottle green", "酒红": "wine", "灰": "grey", "藏青": "navy",
}  # fmt: skip
# category, English, share of sales in percent, sizes ("" letters, "one" 均码), articles:
# name|English|price in yuan|season
_CATALOGUE: Final = (
    ("针织", "Knitwear", 28, "", (
        "针织开衫|Wool-blend cardigan|699|0",
        "美丽诺圆领毛衣|Merino crew knit|599|w",
        "羊绒高领衫|Cashmere roll-neck|1299|w",
        "粗棒针毛衣|Chunky cable knit|799|w",
        "冰丝针织背心|Silk-touch knit vest|399|s",
        "半拉链针织衫|Half-zip knit|659|0",
    )),
    ("大衣", "Coats", 10, "", (
        "双面羊绒大衣|Double-face wool coat|2799|w",
        "长款风衣|Long trench coat|1899|0",
        "羽绒中长外套|Mid-length down coat|2299|w",
        "轻羊毛西装|Light wool blazer|1690|0",
    )),
    ("裤装", "Trousers", 18, "", (
        "阔腿裤|Wide-leg trousers|599|0",
        "羊毛亚麻长裤|Wool-linen trousers|759|s",
        "直筒牛仔裤|Straight jeans|499|0",
        "烟管西裤|Cigarette trousers|629|0",
        "灯芯绒长裤|Corduroy trousers|579|w",
    )),
    ("衬衫", "Shirts", 16, "", (
        "羊毛府绸衬衫|Wool poplin shirt|629|0",
        "真丝衬衫|Silk shirt|1080|0",
        "亚麻短袖衬衫|Linen short-sleeve shirt|459|s",
        "条纹棉衬衫|Striped cotton shirt|429|0",
    )),
    ("裙装", "Dresses and skirts", 13, "", (
        "羊毛半裙|Wool midi skirt|459|w",
        "羊毛裹身连衣裙|Wool wrap dress|1480|0",
        "真丝吊带裙|Silk slip dress|980|s",
        "百褶长裙|Pleated skirt|689|0",
    )),
    ("围巾", "Scarves", 8, "one", (
        "羊毛真丝围巾|Wool and silk scarf|868|w",
        "羊绒披肩|Cashmere wrap|1390|w",
        "真丝方巾|Silk square|420|0",
    )),
    ("配饰", "Accessories", 7, "one", (
        "羔羊毛手套|Lambswool gloves|272|w",
        "羊绒帽|Cashmere beanie|329|w",
        "皮腰带|Leather belt|399|0",
        "羊毛袜两双|Wool socks, two pairs|128|0",
        "羊绒护理液|Cashmere care wash|118|0",
    )),
)  # fmt: skip
ONE_SIZE: Final = "均码"


@dataclass(frozen=True, slots=True)
class Style:
    """One article before size and colour. `season`: w winter half-year, s summer half-year, 0 all year."""

    code: str
    name: str
    name_en: str
    category: str
    category_en: str
    price_minor: int
    season: str
    sizes: tuple[str, ...]
    colours: tuple[str, ...]
    share: int

    def sku(self, size: str, colour: str) -> str:
        """The number on the label, one for each size and colour."""
        return f"{self.code}-{list(COLOURS).index(colour) + 1:02d}-{'F' if size == ONE_SIZE else size}"


@cache
def styles() -> tuple[Style, ...]:
    """Every article of the chain, in a fixed order."""
    made: list[Style] = []
    names = tuple(COLOURS)
    for group, (category, english, share, sizing, articles) in enumerate(_CATALOGUE, start=1):
        sizes = (ONE_SIZE,) if sizing == "one" else LETTER_SIZES
        for number, article in enumerate(articles, start=1):
            name, name_en, yuan, season = article.split("|")
            first = (group * 5 + number * 3) % len(names)
            colours = tuple(names[(first + step * 2) % len(names)] for step in range(4))
            if name_en == "Cashmere care wash":
                colours = ("白",)
            made.append(
                Style(
                    code=f"SY{group}{number:02d}",
                    name=name,
                    name_en=name_en,
                    category=category,
                    category_en=english,
                    price_minor=int(yuan) * 100,
                    season=season,
                    sizes=sizes,
                    colours=colours,
                    share=share,
                )
            )
    return tuple(made)


@cache
def style_named(name: str) -> Style:
    """An article by its Chinese name; a KeyError names one that is not sold."""
    found = {style.name: style for style in styles()}
    return found[name]
