"""Unusual scans: a sentence for every outcome, two ways on, nothing of the code."""

from __future__ import annotations

from typing import get_args

import pytest

from guidedesk.codes.forms import CodeType, Reason
from guidedesk.services.read_models import Bilingual
from guidedesk.ui import i18n
from guidedesk.ui.presenters.scan_results import ResultKind, ScanResult
from guidedesk.ui.views.scan_result import ScanResultPage, result_sentence
from guidedesk.ui.widgets.labels import Label
from tests.helpers.shop import NOW
from tests.ui.member_desk import heard

RESULTS = [
    *(ScanResult("refused", NOW, reason=reason, brand=Bilingual("松屿", "SONGYU")) for reason in Reason),
    *(ScanResult("other_kind", NOW, code_type=kind) for kind in CodeType if kind is not CodeType.MEMBER),
    *(ScanResult(kind, NOW) for kind in get_args(ResultKind) if kind not in ("refused", "other_kind")),
]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("result", RESULTS, ids=lambda r: f"{r.kind}-{r.reason or r.code_type or ''}")
def test_every_outcome_has_its_sentences_in_both_languages(result: ScanResult, language: str) -> None:
    before = i18n.language()
    i18n.use_language(language)
    try:
        page = ScanResultPage()
        page.show_result(result)
        assert result_sentence(result) == page.sentence.text()
        shown = [label.text() for label in page.findChildren(Label)]
        assert not [text for text in shown if text.startswith(("result.", "scan."))]
    finally:
        i18n.use_language(before)


def test_alt_1_searches_and_alt_2_goes_on() -> None:
    page = ScanResultPage()
    searched, added, left = heard(page.search_started), heard(page.new_member_started), heard(page.left)
    page.show_result(ScanResult("unknown_offline", NOW, tail="0394"))
    assert page.handle_command("choice_1")
    assert page.handle_command("choice_2")
    page.show_result(ScanResult("refused", NOW, reason=Reason.PRODUCT))
    assert page.handle_command("choice_2")
    assert (len(searched), len(added), len(left)) == (1, 1, 1)
