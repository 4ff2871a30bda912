"""Edits, consents and scans that may bind, as lines of a member's timeline."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.services.read_models import Bilingual, TimelineEntry
from guidedesk.ui import i18n
from guidedesk.ui.tables.timeline import timeline_row

NOW = 1_795_228_920_000
LIN, HE = Bilingual("林晓夏", "Lin Xiaoxia"), Bilingual("何静怡", "He Jingyi")


def entry(kind: Any, outcome: str, **more: Any) -> TimelineEntry:
    return TimelineEntry(kind=kind, id="x", at_ms=NOW, staff=LIN, outcome=outcome, **more)


ENTRIES = (
    *(
        entry("edited", outcome, field=field, note=value)
        for field, value in (("name", "沈知薇"), ("birthday", "03-08"), ("phone", "138****8000"))
        for outcome in ("set", "taken_off", "refused")
    ),
    *(
        entry("consent", outcome, field=purpose)
        for purpose in ("sms", "profiling")
        for outcome in ("given", "withdrawn")
    ),
    *(
        entry("binding", outcome, owner=HE, previous_owner=HE)
        for outcome in ("bound", "kept", "protected", "earlier_bind", "associate_inactive")
    ),
)


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("shown", ENTRIES, ids=lambda e: f"{e.kind}-{e.field}-{e.outcome}")
def test_each_has_words_and_whose_it_was(shown: TimelineEntry, lang: str) -> None:
    i18n.use_language(lang)
    row = timeline_row(shown, NOW)
    for text in (row.title, row.detail):
        assert "{" not in text
        assert "timeline." not in text
        assert "field." not in text
    assert LIN.pick(lang) in row.title + row.detail
    if shown.outcome in ("protected", "earlier_bind"):
        assert HE.pick(lang) in row.detail


def test_a_name_typed_by_somebody_is_shown_as_text() -> None:
    i18n.use_language("en")
    row = timeline_row(entry("edited", "set", field="name", note="a\u202eb" + "x" * 99), NOW)
    assert "\u202e" not in row.title
    assert len(row.title) < 80
