"""A real browser as a customer's phone: touched, typed into, in both languages (DESIGN-UI.md 15, 15b)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from guidedesk.demo.browser import Browser, find_chromium
from tests.helpers.qr_reading import read_modules
from tests.join.phone import ON_SQLITE, Sent, badge_of
from tests.server.shop import Shop

pytestmark = pytest.mark.chromium
# Every box of text that is wider than what shows of it.
CUT = """[...document.querySelectorAll('main *')].filter(e =>
  e.children.length === 0 && e.scrollWidth > e.clientWidth + 1
  && !['INPUT', 'SVG', 'PATH', 'RECT'].includes(e.tagName.toUpperCase()) && getComputedStyle(e).display !== 'inline')
  .map(e => e.tagName + ': ' + e.textContent)"""


@pytest.fixture(params=["zh-CN", "en-US"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    program = find_chromium()
    assert program, "no Chromium on this PC"
    with Browser(program, request.param) as opened:
        yield opened


@pytest.fixture
def words(browser: Browser) -> dict[str, str]:
    is_chinese = browser.ask("navigator.language").startswith("zh")
    keys = ("wrong", "terms", "welcome", "known", "over")
    chinese = ("验证码不对", "需要您同意", "入会成功", "已经是会员", "不能用")
    english = ("not right", "needs your", "have joined", "already", "cannot")
    return dict(zip(keys, chinese if is_chinese else english, strict=True))


@ON_SQLITE
def test_a_customer_joins_with_her_thumb(shop: Shop, sent: Sent, browser: Browser, words: dict[str, str]) -> None:
    address = f"http://{shop.client.authority}/Q/{badge_of(shop, 'a1')}?c=c"
    browser.open(address)
    assert browser.ask("document.cookie") == ""
    assert browser.ask("[...document.querySelectorAll('[type=checkbox]')].some(e => e.checked)") is False
    assert browser.ask("document.documentElement.scrollWidth") == 375
    assert browser.ask(CUT) == []
    browser.fill("phone", "138 0000 5520")
    browser.fill("name", "<b onclick=x>知微")
    browser.submit("button[value=send]")
    assert browser.ask("document.querySelector('button[value=send]').disabled")
    browser.fill("code", "000000" if sent.last != "000000" else "000001")
    browser.tap(".boxes label b")
    browser.submit("button[value=join]")
    assert words["wrong"] in browser.text()
    assert browser.ask("document.querySelector('[type=checkbox]').checked")
    browser.tap(".boxes label b")
    browser.fill("code", sent.last)
    browser.submit("button[value=join]")
    assert words["terms"] in browser.text()
    browser.tap(".boxes label b")
    browser.fill("code", sent.last)
    browser.submit("button[value=join]")
    text = browser.text()
    assert words["welcome"] in text
    assert "<b onclick=x>知微" in text
    assert browser.ask("document.querySelector('[onclick]')") is None
    assert browser.ask(CUT) == []
    browser.ask("history.back()")
    browser.wait_for("!!document.querySelector('button[value=join]')")
    browser.fill("code", sent.last)
    browser.submit("button[value=join]")
    assert words["welcome"] in browser.text()  # the same page again joins nobody again
    shop.clock.now_ms += 61_000
    browser.open(address)
    browser.fill("phone", "13800005520")
    browser.submit("button[value=send]")
    browser.tap(".boxes label b")
    browser.fill("code", sent.last)
    browser.submit("button[value=join]")
    assert words["known"] in browser.text()
    browser.open(f"http://{shop.client.authority}/q/{'6' * 22}")
    assert words["over"] in browser.text()


@pytest.mark.parametrize("browser", ["zh-CN"], indirect=True)
@ON_SQLITE
def test_her_code_changes_by_itself_to_the_one_of_the_next_minute(
    shop: Shop, sent: Sent, browser: Browser, tmp_path: Path
) -> None:
    browser.open(f"http://{shop.client.authority}/Q/{badge_of(shop, 'a1')}")
    browser.fill("phone", "13800005520")
    browser.submit("button[value=send]")
    browser.fill("code", sent.last)
    browser.tap(".boxes label b")
    browser.submit("button[value=join]")
    codes = [read_modules(bits) for bits in str(browser.ask("document.querySelector('.qr').dataset.codes")).split(" ")]
    assert shown(browser, tmp_path) == codes[0]
    for minute in (1, 2):
        before = browser.ask("document.querySelector('.qr path').getAttribute('d')")
        browser.ask("Date.now = (now => () => now() + 60000)(Date.now)")
        browser.wait_for(f"document.querySelector('.qr path').getAttribute('d') !== {json.dumps(before)}")
        assert shown(browser, tmp_path) == codes[minute]


def shown(browser: Browser, folder: Path) -> str:
    """What a counter's camera reads from her screen."""
    browser.ask("document.querySelector('.qr').scrollIntoView({block: 'center', behavior: 'instant'})")
    browser.picture(folder / "phone.png")
    with Image.open(folder / "phone.png") as picture:
        (found,) = zxingcpp.read_barcodes(picture.convert("L"))
    return str(found.text)
