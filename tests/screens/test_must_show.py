"""Every screen in every state says what DESIGN-UI.md wants, in the words a screen reader would read."""

from __future__ import annotations

import re

import pytest

from guidedesk.ui import i18n
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.screens import close_screen, list_screens, open_screen
from tests.screens.screen_contents import MUST_SHOW

# One test draws every screen there is: ten seconds on a free PC, minutes on one with other work.
pytestmark = pytest.mark.timeout(300)

SHEETS = ("components",)
SCREENS = [(screen.name, screen.state) for screen in list_screens() if screen.name not in SHEETS]


def test_every_screen_has_its_list():
    assert set(SCREENS) - set(MUST_SHOW) == set(), "what must these show?"


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_list_is_shown(lang):
    missing = {}
    for name, state in MUST_SHOW:
        window = open_screen(name, state, lang)
        said = "\n".join(accessible_texts(window))
        close_screen(window)
        lost = [want for want in MUST_SHOW[name, state] if not any(p.search(said) for p in _patterns(want))]
        if lost:
            missing[name, state] = lost
    assert missing == {}


def _patterns(want: str) -> list[re.Pattern[str]]:
    if want.startswith("="):
        words = want[1:].split("|")
        return [re.compile(re.escape(words[-1] if i18n.language() == "en" else words[0]))]
    return [pattern for key in want.split("|") for pattern in _texts(key)]


def _texts(key: str) -> list[re.Pattern[str]]:
    """A text of the catalogue with anything in its slots."""
    entry = i18n.catalogue(i18n.language())[key]
    forms = [entry] if isinstance(entry, str) else list(entry.values())
    return [re.compile(re.sub(r"\\\{\w+\\\}", r"\\s?.+?\\s?", re.escape(form))) for form in forms]
