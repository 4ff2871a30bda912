"""Every screen in every state says what DESIGN-UI.md wants, in the words a screen reader would read."""

from __future__ import annotations

import re

import pytest

from guidedesk.ui import i18n
from guidedesk.ui.screens import list_screens
from tests.screens.drawn import LOOKS, every_screen
from tests.screens.screen_contents import MUST_SHOW

# One test draws every screen there is: ten seconds on a free PC, minutes on one with other work.
pytestmark = pytest.mark.timeout(300)

SHEETS = ("components",)
SCREENS = [(screen.name, screen.state) for screen in list_screens() if screen.name not in SHEETS]


def test_every_screen_has_its_list():
    assert set(SCREENS) - set(MUST_SHOW) == set(), "what must these show?"


@pytest.mark.parametrize("look", [look for look in LOOKS if look[2:] == (1.0, (1366, 768))])
def test_the_list_is_shown(look):
    screens, lang = every_screen(*look), look[0]
    missing = {}
    for screen, wants in MUST_SHOW.items():
        said = screens[screen].said
        lost = [want for want in wants if not any(p.search(said) for p in _patterns(lang, want))]
        if lost:
            missing[screen] = lost
    assert missing == {}


def _patterns(lang: str, want: str) -> list[re.Pattern[str]]:
    if want.startswith("="):
        words = want[1:].split("|")
        return [re.compile(re.escape(words[-1] if lang == "en" else words[0]))]
    return [pattern for key in want.split("|") for pattern in _texts(lang, key)]


def _texts(lang: str, key: str) -> list[re.Pattern[str]]:
    """A text of the catalogue with anything in its slots."""
    entry = i18n.catalogue(lang)[key]
    forms = [entry] if isinstance(entry, str) else list(entry.values())
    return [re.compile(re.sub(r"\\\{\w+\\\}", r"\\s?.+?\\s?", re.escape(form))) for form in forms]
