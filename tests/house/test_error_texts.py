"""Every refusal and failure in the program has a sentence in both languages, with the values it gives."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import i18n
from guidedesk.ui.messages import message_for, sentence

ROOT = Path(__file__).parents[2] / "guidedesk"
CLASSES = {"GuideDeskError", "Refused", "StorageError", "TransportError", "BugError", "SecretError"}


def raised_codes() -> dict[str, str]:
    """Each literal code given to an error class, with the file that gives it."""
    found: dict[str, str] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.setdefault(first.value, path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_every_code_has_its_sentence(lang):
    missing = {code: where for code, where in raised_codes().items() if f"error.{code}" not in i18n.catalogue(lang)}
    assert missing == {}


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_a_server_that_fails_without_a_word_has_its_sentence(lang):
    i18n.use_language(lang)
    said = message_for(GuideDeskError("http_502")).text
    assert said == i18n.t("error.server_failed") == sentence("http_500")


def test_both_languages_have_the_same_texts_with_the_same_slots():
    chinese, english = i18n.catalogue("zh_CN"), i18n.catalogue("en")
    assert sorted(chinese) == sorted(english)
    differing = {key for key in chinese if _slots(chinese[key]) != _slots(english[key])}
    assert differing == set()


def _slots(entry: str | dict[str, str]) -> set[str]:
    text = entry if isinstance(entry, str) else " ".join(entry.values())
    return set(re.findall(r"\{(\w+)\}", text)) - {"n"}
