"""`guidedesk commission evaluate` as scripts call it (COMMANDS.md)."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from guidedesk.cli import main
from tests.commission.support import BASE_PLAN, OPEN_VECTORS, at, event, order, scan

OPEN_FILE = Path(__file__).parent / "commission-open.json"
GOOD = {
    "id": "good",
    "plans": [BASE_PLAN],
    "events": [scan("s1", "G1", "M1", "03-01"), order("O1", "03-10"), event("u", "unbind", "03-11", member="M1")],
}


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command on some vectors: its exit code and its results."""

    def call(*vectors: Any, options: tuple[str, ...] = (), text: str | None = None) -> tuple[int, list[dict[str, Any]]]:
        path = tmp_path / "vectors.json"
        path.write_text(text or json.dumps({"vectors": list(vectors)}), encoding="utf-8")
        code = main(["commission", "evaluate", str(path), "--json", *options])
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["results"]
        return code, found

    return call


def test_the_worked_examples_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commission", "evaluate", str(OPEN_FILE), "--check"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == len(OPEN_VECTORS["vectors"])
    assert shown[0] == "O01: as expected: 1 lines, 0 flags"


def test_a_result_has_every_documented_key(evaluate: Any) -> None:
    code, (found,) = evaluate(GOOD)
    assert code == 0
    assert found == {
        "id": "good",
        "lines": [["2026-03", "G1", "2026-03", "base", "O1", 1, 500]],
        "flags": [],
        "owner": {"M1": None},
        "balances": {"G1": {"2026-03": {"net": 500, "carry_in": 0, "payable": 500, "carry_out": 0}}},
        "statements": [],
    }


def test_states_are_said_when_asked_for(evaluate: Any) -> None:
    _, (found,) = evaluate(GOOD, options=("--as-of", at("03-10 13:00")))
    assert found["states"] == [["G1", "2026-03", "base", "O1", 1, "provisional", 0]]


def test_a_closed_month_has_a_statement(evaluate: Any) -> None:
    stream = [*GOOD["events"], {"id": "c", "type": "period.close", "period": "2026-03"}]
    _, (found,) = evaluate({**GOOD, "events": stream})
    assert [(entry["associate"], entry["period"], len(entry["hash"])) for entry in found["statements"]] == [
        ("G1", "2026-03", 64)
    ]


def test_a_vector_it_cannot_use_says_why_and_the_others_still_run(evaluate: Any) -> None:
    bad = {**GOOD, "id": "bad", "events": [order("O1", "03-10", lines=[{"line": 1, "qty": -2, "amount": 5}])]}
    code, found = evaluate(bad, "no vector", GOOD, {"id": "empty"})
    assert code == 1
    assert [entry["id"] for entry in found] == ["bad", None, "good", "empty"]
    assert found[0]["error"]["key"] == "qty"
    assert "events[0].lines[0].qty" in found[0]["error"]["text"]
    assert found[2]["lines"]
    assert found[3]["error"]["key"] == "events"


def test_a_broken_number_stops_only_its_own_vector(evaluate: Any) -> None:
    text = json.dumps({"vectors": [GOOD, {**GOOD, "id": "bad"}]})
    head, tail = text.rsplit('"amount": 10000', 1)
    for number in ("10000.0", "1e4", "NaN"):
        code, found = evaluate(text=f'{head}"amount": {number}{tail}')
        assert (code, found[0]["id"], found[1]["error"]["key"]) == (1, "good", "amount")


def test_defaults_of_the_file_apply_and_a_vector_overrides_them(evaluate: Any) -> None:
    loose = {**GOOD, "id": "loose", "config": {"window": {"days": 30}}}
    text = json.dumps({"defaults": {"window": {"days": 2}}, "vectors": [GOOD, loose]})
    _, found = evaluate(text=text)
    assert [len(entry["lines"]) for entry in found] == [0, 1]


def test_a_default_the_engine_has_no_use_for_is_left_alone_but_a_misspelled_setting_is_not(evaluate: Any) -> None:
    own = {**GOOD, "id": "own", "config": {"brand": "x"}}
    wrong = {**GOOD, "id": "wrong", "config": {"brnad": "x"}}
    _, found = evaluate(text=json.dumps({"defaults": {"brand": "y"}, "vectors": [GOOD, own, wrong]}))
    assert [entry.get("error", {}).get("key") for entry in found] == [None, None, "brnad"]


def test_configuration_versions_override_the_defaults_from_their_date(evaluate: Any) -> None:
    versions = [
        {"version": 1, "effective_from": "2026-01-01", "body": {"window": {"days": 2}}},
        {"version": 2, "effective_from": "2026-03-10", "body": {"window": {"days": 30}}},
    ]
    stream = [*GOOD["events"][:2], order("O2", "03-09")]
    _, (found,) = evaluate({**GOOD, "events": stream, "config": versions})
    assert [line[4] for line in found["lines"]] == ["O1"]


def test_check_names_each_difference(evaluate: Any) -> None:
    line = ["2026-03", "G1", "2026-03", "base", "O1", 1, 499]
    balance = {"G1": {"2026-03": {"net": 1}}}
    expect = {"lines": [line], "flags": ["x:y"], "owner": {"M1": "G1"}, "balances": balance}
    code, (found,) = evaluate({**GOOD, "expect": expect}, options=("--check",))
    assert (code, len(found["differences"])) == (1, 4)
    assert evaluate({**GOOD, "expect": expect})[0] == 0


def test_expected_lines_may_be_finer_entries(evaluate: Any) -> None:
    key = ["2026-03", "G1", "2026-03", "base", "O1", 1]
    expect = {"lines": [[*key, 300], [*key, 200], ["2026-04", *key[1:], 0]], "flags": []}
    assert evaluate({**GOOD, "expect": expect}, options=("--check",))[0] == 0


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raw = io.TextIOWrapper(io.BytesIO(json.dumps({"vectors": [GOOD]}).encode()))
    monkeypatch.setattr(sys, "stdin", raw)
    assert main(["commission", "evaluate", "-"]) == 0
    assert capsys.readouterr().out == "good: 1 lines, 0 flags\n  2026-03 G1 2026-03 base O1 1 500\n"


@pytest.mark.parametrize("text", ["{", "[]", '{"vectors": {}}', "\xff"])
def test_a_file_that_is_none_is_wrong_use(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "v.json"
    path.write_bytes(text.encode("latin-1"))
    assert main(["commission", "evaluate", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_wrong_times_and_missing_files_are_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commission", "evaluate", str(OPEN_FILE), "--as-of", "soon"]) == 2
    assert main(["commission", "evaluate", "nowhere.json"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
