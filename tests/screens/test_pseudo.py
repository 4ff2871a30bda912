"""Screens in a language of longer words than any of ours: nothing is cut and nothing overlaps (`texts.PSEUDO`)."""

from __future__ import annotations

import re

import pytest

from guidedesk.texts import LANGUAGES, PSEUDO, catalogue, stretched
from guidedesk.ui import i18n
from guidedesk.ui.audit import Problem
from guidedesk.ui.screens import close_screen, list_screens, open_screen
from tests.screens.drawn import Drawn, draw, some_screens

SLOT = re.compile(r"\{\w+\}")
SHARE = 8  # the gate sees every eighth screen, in the look most people have
USUAL = ("light", 1.0, (1366, 768))
SMALL = ("dark", 2.0, (1280, 680))
# Theme, text size and window: the usual one, the least and a large window, larger text, and the largest in the least.
LOOKS = (
    USUAL, ("dark", 1.0, (1280, 680)), ("light", 1.0, (1920, 1080)), ("dark", 1.5, (1366, 768)),
    ("light", 2.0, (1366, 768)), SMALL,
)  # fmt: skip
# Of the screens that had too little height or width in the last look, one for each cause.
TIGHT = {
    ("associate", "reassign"), ("close", "flags"), ("history", "receipt"), ("home", "plain"), ("member", "erased"),
    ("member", "other"), ("register", "duplicate"), ("register", "offline"), ("search", "office_none"),
    ("signin", "day_waiting"), ("store_settings", "compare"), ("sync", "outage"),
}  # fmt: skip


def test_a_text_is_about_forty_per_cent_longer_and_keeps_what_is_filled_in():
    text = "Contacted {n} times this week, that is the limit"
    longer = stretched(text)
    assert longer[0] + longer[-1] == "[]"
    assert 1.35 < len(longer) / len(text) < 1.5
    assert SLOT.findall(longer) == ["{n}"]
    assert catalogue(PSEUDO).keys() == catalogue("en").keys()
    assert PSEUDO not in LANGUAGES, "nobody is offered it"


def test_names_dates_and_amounts_stay_english_under_longer_texts():
    window = open_screen("home", lang=PSEUDO)
    try:
        assert (i18n.language(), i18n.shown()) == ("en", PSEUDO)
        assert i18n.t("bind.mine", n=1) == stretched("Mine · {n} day left").replace("{n}", "1")
    finally:
        close_screen(window)
        i18n.use_language("zh_CN")


@pytest.mark.timeout(300)
def test_a_share_of_the_screens_has_room_for_longer_words():
    assert _problems(some_screens(PSEUDO, *USUAL, step=SHARE)) == {}


def test_the_tightest_screens_have_room_for_longer_words_at_200_per_cent_in_the_least_window():
    tight = [screen for screen in list_screens() if (screen.name, screen.state) in TIGHT]
    assert len(tight) == len(TIGHT)
    assert _problems(draw(tight, PSEUDO, *SMALL)) == {}


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("theme", "scale", "size"), LOOKS)
def test_every_screen_has_room_for_longer_words_in_every_look(theme, scale, size):
    assert _problems(some_screens(PSEUDO, theme, scale, size)) == {}


def _problems(screens: dict[tuple[str, str], Drawn]) -> dict[tuple[str, str], list[Problem]]:
    return {name: drawn.problems for name, drawn in screens.items() if drawn.problems}
