"""Each refusal of the security parts has a sentence in both languages, with the values it needs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from guidedesk.domain.pins import PinProblem
from guidedesk.sync.signing import Refusal
from guidedesk.ui.i18n import LANGUAGES, catalogue

PACKAGE = Path(__file__).parents[2] / "guidedesk"
FILES = [
    "services/keys.py",
    "services/os_keyring.py",
    "services/demo_key.py",
    "services/recovery.py",
    "services/pin_verifier.py",
    "sync/strict_json.py",
    "sync/server_signing.py",
    "domain/enrolment.py",
    "server/enrolment.py",
    "server/enrolment_guesses.py",
    "server/sign_in.py",
    "server/staff.py",
    "sync/sign_in.py",
    "sync/offline_sign_in.py",
    "sync/staff_record.py",
]
ERRORS = {"SecretError", "StorageError", "Refused", "NotChecked"}


def raised_codes() -> set[str]:
    """The literal codes these files raise, found in their syntax trees."""
    found = {refusal.value for refusal in Refusal} | {"json_refused"}
    for name in FILES:
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                literals = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                found |= {text for text in literals if isinstance(text, str)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_its_sentence(language: str) -> None:
    texts = catalogue(language)
    wanted = {f"error.{code}" for code in raised_codes()} | {f"pin.{problem.value}" for problem in PinProblem}
    assert len(wanted) > 25
    assert wanted - texts.keys() == set()


def test_both_languages_fill_in_the_same_values() -> None:
    chinese, english = (catalogue(language) for language in LANGUAGES)
    for code in raised_codes():
        slots = [sorted(re.findall(r"\{\w+\}", str(texts[f"error.{code}"]))) for texts in (chinese, english)]
        assert slots[0] == slots[1], code
