"""Reading the same code again (CODES.md Q-16)."""

import pytest

from guidedesk.services.scan_gate import ScanGate, ScanVerdict

MINUTE = 60_000


@pytest.mark.parametrize(
    ("later_ms", "verdict"),
    [
        (0, ScanVerdict.IGNORE),
        (1_999, ScanVerdict.IGNORE),
        (2_000, ScanVerdict.REOPEN),
        (10 * MINUTE - 1, ScanVerdict.REOPEN),
        (10 * MINUTE, ScanVerdict.VISIT),
    ],
)
def test_the_same_code_again(later_ms, verdict):
    gate = ScanGate()
    assert gate.judge("1", 5_000) is ScanVerdict.VISIT
    assert gate.judge("1", 5_000 + later_ms) is verdict


def test_other_codes_are_not_held_up():
    gate = ScanGate()
    gate.judge("1", 0)
    assert gate.judge("2", 10) is ScanVerdict.VISIT


def test_a_scanner_lying_on_a_code_opens_the_card_now_and_then():
    gate = ScanGate()
    verdicts = [gate.judge("1", at) for at in range(0, 4_500, 500)]
    assert verdicts.count(ScanVerdict.REOPEN) == 2
    assert verdicts[0] is ScanVerdict.VISIT


def test_reopening_does_not_put_off_the_next_visit():
    gate = ScanGate()
    verdicts = [gate.judge("1", at * MINUTE) for at in (0, 4, 8, 11)]
    assert verdicts == [ScanVerdict.VISIT, ScanVerdict.REOPEN, ScanVerdict.REOPEN, ScanVerdict.VISIT]


def test_after_a_change_of_associate_the_first_scan_is_a_visit():
    gate = ScanGate()
    gate.judge("1", 0)
    gate.forget()
    assert gate.judge("1", 100) is ScanVerdict.VISIT
