"""Screens in a language of longer words than any of ours: nothing is cut and nothing overlaps (`texts.PSEUDO`)."""

from __future__ import annotations

import re

import pytest

from guidedesk.texts import LANGUAGES, PSEUDO, catalogue, stretched
from guidedesk.ui import i18n
from guidedesk.ui.screens import close_screen, open_screen
from tests.screens.drawn import some_screens

SLOT = re.compile(r"\{\w+\}")
# Known to cut longer words; whoever mends one takes it out here.
STILL_NARROW = {
    ("bind", "registered"), ("codes", "own"), ("codes", "reprint_asks"), ("member", "coupons"),
    ("member", "incomplete"), ("member", "pending"), ("member", "points"), ("member", "points_owed"),
    ("printers", "set"), ("search", "office_none"), ("search", "office_offline"), ("settings", "slow"),
    ("sync", "parked"), ("tasks", "offline"),
}  # fmt: skip
SHARE = 8  # the gate sees every eighth screen, in the look most people have


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
    screens = some_screens(PSEUDO, "light", 1.0, (1366, 768), step=SHARE)
    found = {name: drawn.problems for name, drawn in screens.items() if drawn.problems}
    assert found.keys() == STILL_NARROW & screens.keys(), found


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_other_screen_has_room_for_longer_words():
    screens = some_screens(PSEUDO, "light", 1.0, (1366, 768))
    found = {name: drawn.problems for name, drawn in screens.items() if drawn.problems}
    assert found.keys() == STILL_NARROW, found
