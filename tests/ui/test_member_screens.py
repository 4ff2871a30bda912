"""Every picture of these screens: no cut or overlapping words, no control without a name, in all looks."""

from __future__ import annotations

import pytest

from guidedesk.ui import screens
from guidedesk.ui.audit import audit

OURS = ("member", "history", "log", "register", "search", "scan")
PICTURES = [(screen.name, screen.state) for screen in screens.list_screens() if screen.name in OURS]
LOOKS = [
    ("zh_CN", "light", 1.0), ("en", "dark", 1.0), ("en", "light", 1.3), ("zh_CN", "dark", 2.0), ("en", "light", 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "theme", "scale"), LOOKS)
@pytest.mark.parametrize(("name", "state"), PICTURES)
def test_every_state_passes_the_audit(name: str, state: str, lang: str, theme: str, scale: float) -> None:
    window = screens.open_screen(name, state, lang, theme, scale)
    problems = audit(window)
    screens.close_screen(window)
    assert not problems


def test_every_promised_state_has_a_picture() -> None:
    promised = {
        ("member", "other"), ("member", "none"), ("member", "incomplete"), ("member", "merged"), ("member", "erased"),
        ("member", "pending"), ("history", "empty_filter"), ("history", "receipt"), ("register", "duplicate"),
        ("register", "offline"), ("search", "empty"), ("scan", "unknown_offline"), ("scan", "bad_code"),
        ("scan", "product"), ("scan", "payment"), ("scan", "revoked"), ("scan", "damaged"),
    }  # fmt: skip
    assert promised <= set(PICTURES)
