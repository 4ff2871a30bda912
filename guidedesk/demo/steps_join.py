"""A step of the tour: a customer scans the associate's code with her phone and is a member before it is back in the
pocket."""

from __future__ import annotations

import json
import re
import threading
from html import unescape
from pathlib import Path
from typing import Any, Final

import requests

from guidedesk.demo.browser import Browser, find_chromium
from guidedesk.demo.eyes import texts, wait_for
from guidedesk.demo.steps import SERVER, TREE
from guidedesk.demo.tour import Seen, Tour
from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import i18n

PHONE: Final = "13900000017"
_MASKED: Final = "139****0017"
_HEARD_MS: Final = 2_000
_PATIENCE_S: Final = 90.0
_FIELD: Final = re.compile(r'name="t" value="([^"]+)"')


def join(tour: Tour) -> Seen:
    """A phone, not this PC: what is seen is read from the database and from the counter's window."""
    name = "周明玥" if tour.lang == "zh_CN" else "Zhou Mingyue"
    digits = tour.eyes.one(
        "select c.digits from staff_code c join staff s on s.id=c.staff_id where s.number=:n and c.state='live'",
        n=tour.facts["number"],
    )
    told = i18n.t("joining.mine", name=name)
    phone = _Phone(tour, f"{tour.world.server.url}/Q/{digits}", name)
    phone.start()
    heard = wait_for(lambda: _is_told(tour, told) or phone.has_failed, _PATIENCE_S)
    shown_ms = tour.app.counter.now_ms()
    phone.join(_PATIENCE_S)
    if phone.error is not None:
        raise phone.error
    row = tour.eyes.rows(
        "select s.number, j.joined_at_ms, j.seen_at_ms, b.bound_at_ms from join_record j"
        " join member m on m.id=j.member_id join binding b on b.id=m.id join staff s on s.id=b.owner_id"
        " where m.phone_masked=:p",
        p=_MASKED,
    )
    owner, joined_ms, seen_ms, bound_ms = row[0] if row else (None, 0, 0, -1)
    scans = tour.eyes.one("select count(*) from commission_event where type='scan' and at_ms=:t", t=seen_ms)
    after_ms = shown_ms - joined_ms
    seen = (
        f"{phone.how}: '{phone.said}'; owner {owner}, bound from the page load: {seen_ms == bound_ms}, scans on record "
        f"{scans}; told in the window after {after_ms} ms: {bool(heard)}"
    )
    ok = owner == tour.facts["number"] and seen_ms == bound_ms and scans == 1 and bool(phone.said)
    return Seen(
        "opened the associate's code on a phone, typed number and code, ticked the terms, joined",
        f"one member, owned by {tour.facts['number']} from the page load, told at the counter within 2 s",
        seen, f"{SERVER}; {TREE}", ok and bool(heard) and after_ms <= _HEARD_MS,
    )  # fmt: skip


def _is_told(tour: Tour, told: str) -> bool:
    """By the accessibility tree; it is walked only while a toast is there: walking holds up what is waited for."""
    return tour.window.overlays.toast is not None and told in texts(tour.window)


class _Phone(threading.Thread):
    """The customer's side, beside the living window: Chromium where there is one, else the same form by HTTP."""

    def __init__(self, tour: Tour, url: str, name: str) -> None:
        super().__init__(daemon=True)
        self._tour, self._url, self._name = tour, url, name
        self._program = find_chromium()
        self.how = "Chromium as a phone" if self._program else "the form by HTTP (no Chromium here)"
        self.said = ""
        self.error: Exception | None = None

    @property
    def has_failed(self) -> bool:
        """Whether waiting for it is useless."""
        return self.error is not None

    def run(self) -> None:
        """Join."""
        try:
            self.said = self._by_browser(self._program) if self._program else self._by_http()
        except Exception as error:
            self.error = error

    def _by_browser(self, program: str) -> str:
        language = "zh-CN" if self._tour.lang == "zh_CN" else "en-US"
        with Browser(program, language) as phone:
            phone.open(self._url)
            phone.fill("phone", PHONE)
            phone.submit("button[value=send]")
            phone.fill("code", one_time_code(self._tour.world.folder / "server.log"))
            phone.fill("name", self._name)
            phone.tap(".boxes label b")
            phone.submit("button[value=join]")
            phone.picture(self._tour.out / "join-phone.png")
            return str(phone.ask("document.querySelector('.hello').innerText"))

    def _by_http(self) -> str:
        session = requests.Session()
        session.headers["Accept-Language"] = "zh-CN" if self._tour.lang == "zh_CN" else "en"
        page = session.get(self._url, timeout=(5, 30))
        typed: dict[str, Any] = {"t": unescape(_FIELD.findall(page.text)[0]), "phone": PHONE, "name": self._name}
        session.post(self._url, data=typed | {"do": "send"}, timeout=(5, 30))
        code = one_time_code(self._tour.world.folder / "server.log")
        card = session.post(self._url, data=typed | {"do": "join", "ok": "service", "code": code}, timeout=(5, 30))
        found = re.search(r'<p class="hello">([^<]+)</p>', card.text)
        return unescape(found[1]) if found else ""


def one_time_code(log: Path) -> str:
    """The last code the demo's server wrote into its log instead of sending it."""
    for line in reversed(log.read_text(encoding="utf-8").splitlines()):
        if '"verification_code"' in line:
            return str(json.loads(line)["code"])
    raise GuideDeskError("phone_failed", why="no_code")
