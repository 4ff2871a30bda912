"""Every stored explanation can be told in both languages, with the figures of its reckoning (COMMISSION.md 5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from guidedesk.domain.commission.telling import CODES, tell
from guidedesk.ui import commission_texts, i18n
from tests.commission.streams import stream
from tests.commission.support import events, exchange, give_back, order, plan, rate, run, scan


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    before = i18n.language()
    i18n.use_language("en")
    yield
    i18n.use_language(before)


def stored(*found: dict[str, Any], **parts: Any) -> list[dict[str, Any]]:
    """Explanations of all lines as they come back from the ledger."""
    result = run(events(*found, **parts))
    return [json.loads(json.dumps(result.explanations[line.id])) for line in result.lines]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_code_has_its_text(language: str) -> None:
    assert {f"commission.why.{code}" for code in CODES} <= i18n.catalogue(language).keys()


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_lines_of_any_stream_can_be_told(language: str) -> None:
    i18n.use_language(language)
    told = set()
    for seed in range(60):
        result = run(stream(seed, 40))
        for line in result.lines:
            why = json.loads(json.dumps(result.explanations[line.id]))
            told |= {said.code for said in tell(why)}
            for sentence in commission_texts.sentences(why):
                assert "{" not in sentence
                assert "commission.why" not in sentence
    assert told <= set(CODES)
    assert len(told) > 40


def test_a_return_is_told_step_by_step() -> None:
    sale = order("O1", "03-10", channel="store", store="S1", seller="G2", lines=[
        {"line": 1, "qty": 2, "amount": 11300, "tax_bp": 1300}])  # fmt: skip
    whys = stored(scan("s1", "G1", "M1", "03-01"), sale, give_back("r1", "O1", "04-02", (1, 1)), plans=[
        plan(rate("2.5"))])  # fmt: skip
    mine = next(why for why in whys if why["beneficiary"] == "G1" and why["posting_period"] == "2026-04")
    assert commission_texts.sentences(mine) == [
        "Line 1 of order O1: 2 pieces for ¥113.00 after all discounts.",
        "1 of 2 came back.",
        "That leaves ¥56.50 paid by the customer.",
        "Tax of 13% is taken out.",
        "Commission is reckoned on ¥50.00.",
        "Plan P version 1, base, rule 1: 0.025% gives ¥0.01 to share.",
        "G1 takes part as the member's guide.",
        "The last contact that counts is s1; it counts for orders until 16 Mar 2026 23:59.",
        "3000 of 10000 parts is ¥0.00.",
        "In all: ¥0.00.",
        "¥0.01 was posted before, so this line is −¥0.01.",
        "Caused by r1.",
        "It belongs to 2026-03 and is posted in 2026-04.",
    ]


def test_a_swap_says_what_it_took_the_place_of() -> None:
    swap = exchange("x1", "O1", "03-12", "O2", amount=20000)
    whys = stored(scan("s1", "G1", "M1", "03-01"), order("O1", "03-10"), swap)
    new = next(why for why in whys if why["ref"] == "O2")
    assert "It took the place of line 1 of order O1 and is reckoned like it." in commission_texts.sentences(new)


@pytest.mark.parametrize(
    ("rate_bp", "text"), [("250", "2.5%"), ("5/2", "0.025%"), ("10000", "100%"), ("0", "0%"), ("1/1000", "0.00001%")]
)
def test_rates_keep_all_their_digits(rate_bp: str, text: str) -> None:
    assert commission_texts.rate_text(rate_bp) == text
