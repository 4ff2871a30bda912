"""A person and a scanner taking turns at one field, in any order and at any speed of theirs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QLineEdit, QTextEdit

from tests.scanner.keyboard import MEMBER

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")

typing = st.tuples(
    st.just("person"),
    st.text("abcxyz 0123456789", min_size=1, max_size=12),
    st.lists(st.integers(45, 260), min_size=12, max_size=12),
    st.integers(45, 400),
)
scanning = st.tuples(
    st.just("scanner"),
    st.sampled_from([MEMBER + "\r", MEMBER + "\t", MEMBER, "HTTPS://GD.EXAMPLE/Q/" + MEMBER + "\r"]),
    st.lists(st.integers(0, 28), min_size=50, max_size=50),
    st.integers(300, 900),
)


@pytest.mark.parametrize("kind", [QLineEdit, QTextEdit])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(typing | scanning, min_size=1, max_size=6))
def test_each_gets_what_is_hers(desk, kind, turns):
    field = kind()
    at = desk(field)
    typed, scanned = "", []
    for who, text, gaps, pause in turns:
        for char, gap in zip(text, gaps, strict=False):
            at.pass_time(gap)
            at.key(char)
        if who == "person":
            typed += text
        else:
            scanned.append(text.strip())
        at.pass_time(pause)
    at.settle()
    assert at.texts == scanned
    assert (field.text() if isinstance(field, QLineEdit) else field.toPlainText()) == typed
    at.scanner.stop()
