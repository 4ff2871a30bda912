"""`guidedesk doctor`: what this PC has and lacks to be a counter, each finding with what to do."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

Verdict = Literal["ok", "warning", "missing"]
MIN_FREE_BYTES: Final = 2 << 30
CLOCK_SKEW_MS: Final = 120_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was found and, unless it is well, what to do."""

    what: str
    verdict: Verdict
    found: str
    advice: str = ""


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `doctor`."""
    parser = sub.add_parser(
        "doctor",
        help="what this PC has and lacks",
        epilog="example: guidedesk doctor --server http://127.0.0.1:8000 --json",
    )
    parser.add_argument("--server", metavar="URL", help="also compare the clock with this server")
    parser.add_argument("--profile", type=Path, metavar="DIR", help="the counter's folder, for free space")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look at everything; 1 when something a counter cannot do without is missing."""
    findings = [_keyring(), _cipher(), _screen(), _fonts(), _scanner(), _printer(), _disk(args.profile or Path.home())]
    if args.server:
        findings.append(_clock(args.server))
    if args.json:
        sys.stdout.write(json.dumps([asdict(f) for f in findings], ensure_ascii=False, indent=1) + "\n")
    else:
        for finding in findings:
            line = f"{finding.verdict:8} {finding.what:10} {finding.found}"
            sys.stdout.write(f"{line}  {finding.advice}".rstrip() + "\n")
    return 1 if any(finding.verdict == "missing" for finding in findings) else 0


def _keyring() -> Finding:
    from guidedesk.services.keys import SecretError
    from guidedesk.services.os_keyring import OsKeyring

    try:
        OsKeyring().get("guidedesk-doctor")
    except SecretError as error:
        advice = "install and unlock the system's key vault (on Linux: gnome-keyring); until then only the demo runs"
        return Finding("keyring", "missing", error.code, advice)
    return Finding("keyring", "ok", "the system's vault answers")


def _cipher() -> Finding:
    import sqlcipher3.dbapi2 as dbapi

    connection = dbapi.connect(":memory:")
    try:
        version = connection.execute("PRAGMA cipher_version").fetchone()
    finally:
        connection.close()
    if not version:
        return Finding("encryption", "missing", "no SQLCipher", "install GuideDesk again: its database part is damaged")
    return Finding("encryption", "ok", f"SQLCipher {version[0]}")


def _screen() -> Finding:
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return Finding("screen", "warning", "none", "the window needs a display; the tour and screenshots do not")
    return Finding("screen", "ok", "a display is set")


def _fonts() -> Finding:
    from guidedesk.resources import resource_path

    fonts = sorted(path.name for path in resource_path("fonts").glob("*.ttf"))
    names = " ".join(fonts)
    if "Inter" in names and "NotoSansSC" in names:
        return Finding("fonts", "ok", f"{len(fonts)} bundled, Latin and Chinese")
    return Finding("fonts", "missing", names or "none", "install GuideDesk again: its fonts are missing")


def _scanner() -> Finding:
    return Finding("scanner", "ok", "any scanner that types works; scan a code on the counter page to see it")


def _printer() -> Finding:
    found = shutil.which("lp") or shutil.which("lpr")
    if sys.platform.startswith("linux") and not found:
        return Finding("printer", "warning", "no print system", "install CUPS if cards or labels are printed here")
    return Finding("printer", "ok", "a print system is there")


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free >> 20} MiB free"
    if free < MIN_FREE_BYTES:
        return Finding("disk", "warning", found, "make room: a counter wants 2 GiB for a large store")
    return Finding("disk", "ok", found)


def _clock(server: str) -> Finding:
    import requests

    from guidedesk.sync.system import SystemClock

    clock = SystemClock()
    before = clock.wall_ms()
    try:
        answer = requests.get(f"{server.rstrip('/')}/v1/health", timeout=(5, 30), allow_redirects=False)
        server_ms = int(answer.json()["server_time_ms"])
    except (requests.RequestException, ValueError, KeyError):
        return Finding("clock", "warning", "no answer", "check the address and the network; work goes on offline")
    skew = server_ms - (before + clock.wall_ms()) // 2
    if abs(skew) > CLOCK_SKEW_MS:
        advice = "set this PC's clock; until then times come from the server where it was heard"
        return Finding("clock", "warning", f"{skew / 1000:+.1f} s against the server", advice)
    return Finding("clock", "ok", f"{skew} ms against the server")
