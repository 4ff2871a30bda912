"""What the documents point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guidedesk.cli import COMMANDS

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")])


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_decisions_are_dated() -> None:
    notes = [path.name for path in (ROOT / "docs" / "decisions").glob("*.md") if path.name != "README.md"]
    assert notes
    assert [name for name in notes if not re.match(r"20\d\d-\d\d-\d\d-[a-z0-9-]+\.md$", name)] == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_named_exist(document: Path) -> None:
    named = set(re.findall(r"`guidedesk ([a-z][a-z-]*)", document.read_text(encoding="utf-8")))
    assert named <= set(COMMANDS)


def test_modules_in_the_drawings_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:app|(?:domain|models|services|codes|sync|server|ui)(?:/\w+)+)\.py", text))
    assert len(named) > 5
    assert sorted(name for name in named if not (ROOT / "guidedesk" / name).exists()) == []
