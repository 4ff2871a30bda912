"""Edits, consents and scans that may bind, as lines of a member's timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guidedesk.services.member_models import TimelineEntry
from guidedesk.services.read_models import Bilingual
from guidedesk.ui import i18n
from guidedesk.ui.tables.timeline import TimelineModel, timeline_row

NOW = 1_795_228_920_000
LIN, HE = Bilingual("林晓夏", "Lin Xiaoxia"), Bilingual("何静怡", "He Jingyi")
GAO = Bilingual("高岚", "Gao Lan")


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
MET = ("scanned", "served", "registered")


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


@pytest.mark.parametrize(("lang", "why"), [("en", "More even numbers"), ("zh_CN", "平衡人数")])
def test_who_gave_her_to_whom_is_said_with_the_reason(lang: str, why: str) -> None:
    i18n.use_language(lang)
    given = entry("binding", "bound", interaction_kind="assigned", owner=LIN, previous_owner=HE)
    told = timeline_row(replace(given, given_by=GAO, reason="balance"), NOW)
    assert told.title == i18n.t("timeline.given", giver=GAO.pick(lang), name=LIN.pick(lang))
    assert (why in told.detail, HE.pick(lang) in told.detail) == (True, True)
    before = timeline_row(given, NOW)  # written before reasons were kept
    assert before.title == i18n.t("timeline.assigned", name=LIN.pick(lang))
    newer = timeline_row(replace(given, given_by=GAO, reason="of a later version"), NOW)
    assert "reason" not in newer.detail


def test_a_name_typed_by_somebody_is_shown_as_text() -> None:
    i18n.use_language("en")
    row = timeline_row(entry("edited", "set", field="name", note="a\u202eb" + "x" * 99), NOW)
    assert "\u202e" not in row.title
    assert len(row.title) < 80


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_where_no_code_was_scanned_none_is_told_of(lang: str) -> None:
    i18n.use_language(lang)
    scanned, served, joined = (timeline_row(entry("binding", "bound", interaction_kind=kind), NOW) for kind in MET)
    word = {"zh_CN": "扫", "en": "Scanned"}[lang]
    assert [word in row.title for row in (scanned, served, joined)] == [True, False, False]
    for outcome in ("kept", "protected", "earlier_bind", "associate_inactive"):
        assert word not in timeline_row(entry("binding", outcome, interaction_kind="served"), NOW).title


def test_a_served_visit_and_what_it_did_to_the_binding_are_two_lines() -> None:
    """Both have the id of the one operation; a list by id alone showed only the second."""
    both = (
        entry("interaction", "served", interaction_kind="served_no_purchase"),
        entry("binding", "kept", interaction_kind="served"),
    )
    model = TimelineModel()
    model.show_rows([timeline_row(one, NOW) for one in both], has_more=False)
    assert model.rowCount() == len(both)
