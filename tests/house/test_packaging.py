"""The program finds its icons, fonts and texts however it was installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from guidedesk import resources

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_its_resources_beside_the_package() -> None:
    assert resources.resource_path("tokens.json") == ROOT / "resources" / "tokens.json"
    assert resources.resource_path("icons/home.svg").is_file()


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/nothing\.svg"):
        resources.resource_path("icons", "nothing.svg")


def test_a_frozen_bundle_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "tokens.json").write_text("{}")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    resources.resources_root.cache_clear()
    try:
        assert resources.resources_root() == tmp_path / "resources"
    finally:
        resources.resources_root.cache_clear()


def test_a_wheel_carries_everything_and_finds_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("guidedesk", "resources"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "-w", str(tmp_path), str(source)], check=True, timeout=100)
    (wheel,) = tmp_path.glob("guidedesk-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    shipped = {
        str(p.relative_to(site / "guidedesk" / "_resources")) for p in site.rglob("_resources/**/*") if p.is_file()
    }
    assert shipped == {str(p.relative_to(ROOT / "resources")) for p in (ROOT / "resources").rglob("*") if p.is_file()}
    asked = "from guidedesk.resources import resource_path as r; print(r('tokens.json'))"
    answer = subprocess.run([sys.executable, "-c", asked], cwd=site, capture_output=True, text=True, check=True)
    assert Path(answer.stdout.strip()) == site / "guidedesk" / "_resources" / "tokens.json"
