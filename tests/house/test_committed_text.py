"""What is committed works on every PC: no address of a package index, no path of one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
# written in pieces, or this file would be the first to be found
MACHINE_PATHS = re.compile(
    r"(?<![\w.:/-])/(?:" + "|".join(["wor" + "k", "roo" + "t", "tmp/" + "gd", "opt/" + "pypi"]) + r")/\w"
)
INDEX_HOSTS = re.compile(
    "|".join(["files." + "pythonhosted", "pypi" + r"\.org/simple", "artifact" + "registry", r"\.pkg\." + "dev"])
)


def committed_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def committed_texts() -> list[tuple[str, str]]:
    texts = []
    for path in committed_files():
        data = path.read_bytes()
        if b"\0" not in data:
            texts.append((str(path.relative_to(ROOT)), data.decode("utf-8")))
    return texts


def test_the_lock_is_hashed_and_names_no_address() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_locks_that_record_addresses_are_not_committed() -> None:
    assert {path.name for path in committed_files()} & {"uv.lock", "pylock.toml", "poetry.lock"} == set()


def test_no_committed_text_names_a_machine_or_an_index() -> None:
    found = [
        f"{name}: {match.group()}"
        for name, text in committed_texts()
        for pattern in (MACHINE_PATHS, INDEX_HOSTS)
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_the_lock_knows_every_library_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [
        *project["project"]["dependencies"],
        *extras["server"],
        *extras["demo"],
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[^\w-]", line)[0].lower().replace("_", "-") for line in wanted}
    locked = set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    assert names - locked == set()
