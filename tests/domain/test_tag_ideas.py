"""Tags that purchases suggest: only what she buys again and again, and never what was taken off."""

from __future__ import annotations

from guidedesk.domain.tag_ideas import tag_ideas

BOUGHT = [("针织", 9), ("外套", 5), ("袜", 2)]
COLOURS = [("雾蓝", 6), ("灰", 4), ("米", 3), ("黑", 2)]


def test_what_is_bought_again_and_again_is_suggested_most_often_first() -> None:
    assert tag_ideas(BOUGHT, COLOURS, known=()) == ("针织", "雾蓝")  # 5 of 16 and 4 of 15 are less than a third
    assert tag_ideas([("袜", 2)], [], known=()) == ()


def test_what_she_has_or_once_lost_is_not_suggested_again() -> None:
    assert tag_ideas(BOUGHT, COLOURS, known={"针织"}) == ("雾蓝",)
    assert tag_ideas([("Knitwear", 9)], [], known={"knitwear"}) == ()
