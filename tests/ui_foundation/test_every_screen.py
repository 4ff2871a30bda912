"""Every registered screen, in every state, as a careful person would look at it."""

from __future__ import annotations

import pytest

from guidedesk.ui.audit import audit
from guidedesk.ui.screens import close_screen, list_screens, open_screen

# One test draws every screen there is: ten seconds on a free PC, minutes on one with other work.
pytestmark = pytest.mark.timeout(300)

LOOKS = [("zh_CN", "light", 1.0), ("en", "dark", 1.0), ("en", "light", 2.0), ("zh_CN", "dark", 2.0)]


@pytest.mark.parametrize(("lang", "theme", "scale"), LOOKS)
def test_nothing_is_cut_overlapping_unnamed_or_unthemed(lang, theme, scale):
    found = {}
    for screen in list_screens():
        window = open_screen(screen.name, screen.state, lang, theme, scale)
        problems = audit(window)
        close_screen(window)
        if problems:
            found[screen.name, screen.state] = problems
    assert found == {}
