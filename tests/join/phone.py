"""A customer's phone: follows links and forms of a page as a browser without scripts would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from guidedesk.domain.people import phone_hash
from guidedesk.server.badges import badges_of
from tests.server.shop import Shop

PHONE = "+8613800005520"
# What a page says does not hang on the database behind it.
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@dataclass
class Sent:
    """Remembers codes instead of sending them."""

    codes: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, phone: str, digits: str, language: str) -> None:
        self.codes.append((phone, digits, language))

    @property
    def last(self) -> str:
        return self.codes[-1][1]


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.typed: dict[str, str] = {}
        self.boxes: dict[str, bool] = {}
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag != "input":
            return
        if found.get("type") == "hidden":
            self.hidden[found["name"]] = found["value"]
        elif found.get("type") == "checkbox":
            self.boxes[found["value"]] = "checked" in found
        else:
            self.typed[found["name"]] = found["value"]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] not in (["style"], ["script"]):
            self.words.append(data.strip())


@dataclass
class Phone:
    """One phone with its language and its cookies."""

    shop: Shop
    lang: str = "zh-CN,zh;q=0.9"
    session: requests.Session = field(default_factory=requests.Session)
    answer: Any = None
    page: Any = None
    address: str = ""

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def open(self, address: str, **headers: str) -> Any:
        return self._take(self.session.get(self._url(address), headers=self._headers(headers), timeout=30), address)

    def post(self, address: str, fields: Any) -> Any:
        body = urlencode(fields, doseq=True)
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.session.post(self._url(address), data=body, headers=self._headers(sent), timeout=30)
        return self._take(answer, address)

    def press(self, do: str, ticked: tuple[str, ...] = (), **typed: str) -> Any:
        return self.post(self.address, self.page.hidden | {"do": do, "ok": ticked} | typed)

    def says(self, text: str) -> bool:
        return text in " ".join(self.page.words)

    def join(
        self, sent: Sent, digits: str, phone: str = PHONE, ticked: tuple[str, ...] = ("service",), **more: str
    ) -> Any:
        self.open(f"/Q/{digits}")
        self.press("send", (), phone=phone, **more)
        return self.press("join", ticked, phone=phone, code=sent.last, **more)

    def _take(self, answer: Any, address: str) -> Any:
        self.answer, self.address = answer, address
        self.page = _Fields()
        self.page.feed(answer.text)
        return answer

    def _url(self, address: str) -> str:
        return f"http://{self.shop.client.authority}{address}"

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Accept-Language": self.lang, **{name.replace("_", "-"): value for name, value in more.items()}}


def badge_of(shop: Shop, number: str) -> str:
    with shop.database.read() as conn:
        return badges_of(conn, shop.chain_id)[shop.staff[number]]


def hash_of(shop: Shop, phone: str = PHONE) -> str:
    return phone_hash(phone, shop.secrets.phone_key)
