"""The import bench brings the real data in, proves it against the files, and fails when a single cent is off."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest

from guidedesk.bench import journey
from guidedesk.cli import main
from guidedesk.demo.real_totals import RealTotals, real_totals

pytestmark = pytest.mark.timeout(600)


def run(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["bench", "import", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_few_households_are_right_on_the_server_and_on_a_counter(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "--households", "8")
    figures, counter = document["figures"], document["figures"]["counter"]
    assert code == 0
    assert (figures["totals_differing"], counter["differing"]) == (0, 0)
    assert figures["second_run_adds_nothing"]
    assert counter["is_level_with_server"]
    assert counter["members"] == 8
    assert (counter["baskets"], counter["lines"]) == (figures["baskets"], figures["lines"])
    assert document["floor"]["copy_lines_per_s"] > 0
    assert document["ratios"]["import"] > 0


def test_one_cent_too_many_is_found_on_both(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_cent_more(households: Collection[int]) -> RealTotals:
        found = real_totals(households)
        found.cents[min(found.cents)] += 1
        return found

    monkeypatch.setattr(journey, "real_totals", one_cent_more)
    code, document = run(capsys, "--households", "3")
    assert code == 1
    assert document["figures"]["totals_differing"] == 1
    assert document["figures"]["counter"]["differing"] == 2  # the month, and what she paid in all


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys)
    figures = document["figures"]
    assert code == 0
    assert (figures["lines"], figures["baskets"]) == (1_469_307, 155_848)
    assert (figures["stores"], figures["products"]) == (457, 92_331)
    assert figures["rows"]["member"] == 2_469
    assert figures["noticed"] == {
        "quantity_zero": 8_869,
        "value_zero": 11_226,
        "value_below_a_cent": 20,
        "quantity_over_100": 13_510,
        "product_missing": 4_836,
    }
    assert figures["skipped"] == {}
    assert figures["counter"]["members"] > 400
