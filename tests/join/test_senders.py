"""How a one-time code leaves the server: a merchant's own program, or the demo's log (docs/verification-sender.md)."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.join_tables import phone_check
from guidedesk.server.code_senders import CommandSender, LogSender, NoSender
from guidedesk.server.join.phone_checks import sweep_checks
from tests.join.phone import ON_SQLITE, PHONE, Phone, Sent, badge_of
from tests.server.shop import Shop, open_shop


def program(folder: Path, text: str) -> CommandSender:
    path = folder / "send.py"
    path.write_text(text, encoding="utf-8")
    return CommandSender.of(f"'{sys.executable}' '{path}' --to-phone")


def test_a_program_gets_the_code_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "got.json"
    sender = program(tmp_path, f"import sys; open({str(out)!r}, 'wb').write(sys.stdin.buffer.read())")
    sender.send(PHONE, "048122", "en")
    assert json.loads(out.read_text()) == {"phone": PHONE, "code": "048122", "lang": "en"}


@pytest.mark.parametrize("text", ["raise SystemExit(3)", "import sys; sys.exit('no')", "syntax error"])
def test_a_program_that_fails_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match="sender_failed"):
        program(tmp_path, text).send(PHONE, "048122", "en")


@pytest.mark.parametrize("line", ["", "   ", "/no/such/program --x"])
def test_a_line_that_names_no_program_is_refused(line: str) -> None:
    with pytest.raises(Refused, match="sender"):
        CommandSender.of(line).send(PHONE, "048122", "en")


def test_the_demo_writes_the_code_into_the_log_and_not_the_number() -> None:
    log = io.StringIO()
    LogSender(log).send(PHONE, "048122", "zh_CN")
    assert json.loads(log.getvalue())["code"] == "048122"
    assert PHONE[3:] not in log.getvalue()


def test_a_customer_is_told_what_to_do_when_no_code_can_be_sent(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, sender=NoSender())
    try:
        phone = Phone(shop, "en")
        phone.open(f"/Q/{badge_of(shop, 'a1')}")
        phone.press("send", (), phone=PHONE, name="Ann")
        assert phone.says("The code could not be sent")
        assert phone.page.typed["name"] == "Ann"
    finally:
        shop.close()


@ON_SQLITE
def test_numbers_that_asked_for_a_code_are_forgotten(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open("/q/me")
    phone.press("send", (), phone=PHONE)
    for days, left in ((1, 1), (3, 0)):
        sweep_checks(shop.database, shop.clock.now_ms + days * DAY_MS)
        with shop.database.read() as conn:
            assert len(conn.execute(select(phone_check.c.phone_hash)).all()) == left
