"""Every refusal has a sentence of its own in both languages (CODES.md Q-1)."""

import pytest

from guidedesk.codes.forms import Reason
from guidedesk.ui.i18n import LANGUAGES, catalogue


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_has_its_own_sentence(language):
    sentences = [catalogue(language)[f"scan.reason.{reason}"] for reason in Reason]
    assert len({str(sentence) for sentence in sentences}) == len(Reason)
    assert "scan.garbled" in catalogue(language)
