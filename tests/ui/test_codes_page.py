"""Issuing codes at the counter: by keys, to the customer's screen, to paper (DESIGN-UI.md 5.6, CODES.md Q-5)."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.codes.checks import mod97_10_digits
from guidedesk.codes.decoder import decode
from guidedesk.codes.encoder import short_url
from guidedesk.codes.forms import CodeOk, CodeType, Reason
from guidedesk.codes.label_bytes import Bitmap
from guidedesk.codes.signed_record import read_signed
from guidedesk.codes.signer import sign_code
from guidedesk.domain.coupons import tail_of
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import store_rows
from guidedesk.services.coupon_rows import campaign_id
from guidedesk.services.operations import IssueCoupon, IssueInvitation, RecordVisit, RedeemCoupon, ReissueCard
from guidedesk.services.printers import PrinterSettings
from guidedesk.ui import i18n
from guidedesk.ui.counter_codes import CODES
from guidedesk.ui.counter_window import MEMBERS, CounterWindow
from guidedesk.ui.fixtures.codes import STATES
from guidedesk.ui.presenters.counter import CouponScan
from guidedesk.ui.presenters.redeem import RedeemPresenter
from guidedesk.ui.printing.card import CARD_MM, CardWords, draw_back, px
from guidedesk.ui.printing.label import LabelWords, bitmap_of, draw_label
from guidedesk.ui.screens import settle
from guidedesk.ui.views.codes import CodesPage
from guidedesk.ui.views.customer_screen import CustomerScreen, first_name
from guidedesk.ui.widgets.buttons import Button
from tests.helpers.shop import CHAIN, GAO, LAKESIDE, LIN, NOW, SHEN, purchase_row
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of
from tests.ui.shop_desk import PIN

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
ALT, CTRL, NONE = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


def short(kind: str, filler: str) -> str:
    payload = kind + filler * 19
    return payload + mod97_10_digits(payload)


OWN, STORE_CODE, INVITATION, CARD = short("4", "7"), short("5", "8"), short("6", "3"), short("1", "2")


class Counter:
    """A window whose associate has a code of her own, writing into a folder of the test."""

    def __init__(self, desk: MemberDesk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        base = {"scope_id": CHAIN, "row_ver": 1, "state": "live", "issued_at_ms": NOW, "deleted_at_ms": None}
        own = base | {"id": derived_id("staff_code", OWN), "digits": OWN, "staff_id": LIN, "expires_at_ms": None}
        shop = base | {"id": derived_id("store_code", STORE_CODE), "digits": STORE_CODE, "store_id": LAKESIDE}
        with desk.counter.shop.engine.begin() as connection:
            store_rows(connection, "staff_code", [own])
            store_rows(connection, "store_code", [shop])
        desk.counter.codes.invitations = [INVITATION]
        desk.counter.codes.blanks = [(CARD, "123456789012")]
        self.ui = CounterWindow(desk)
        self.ui.codes._folder = lambda: folder
        self.ui.open()
        desk.set_session(session_of())

    @property
    def page(self) -> CodesPage:
        page = self.ui.window.page(CODES)
        assert isinstance(page, CodesPage)
        return page

    @property
    def screen(self) -> CustomerScreen:
        return self.ui.codes.screen

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.ui.window, key, modifier)
        settle()

    def shown(self) -> str:
        """What a phone reads off the screen."""
        return read(self.page.shown.code.grab().toImage())

    def made(self, kind: type) -> list[object]:
        every = [operation for operations, _ in self.desk.counter.recorded for operation in operations]
        return [operation for operation in every if isinstance(operation, kind)]

    def lease(self, number: int, name: str, minor: int) -> tuple[str, str]:
        """A campaign, and one signed coupon of it given to this counter: (handle, what its picture says)."""
        row = {
            "scope_id": CHAIN, "id": campaign_id(number), "row_ver": 1, "number": number, "name": name, "name_en": name,
            "terms": "", "terms_en": "", "kind": "amount", "value_minor": minor, "percent_bp": 0, "threshold_minor": 0,
            "currency": "CNY", "ends_at_ms": NOW + 9 * 86_400_000, "week_count": 2, "week_minor": 2 * minor,
            "is_active": 1, "deleted_at_ms": None,
        }  # fmt: skip
        with self.desk.counter.shop.engine.begin() as connection:
            store_rows(connection, "coupon_campaign", [row])
        tail = tail_of(number, "amount", minor, 0).to_bytes()
        text = sign_code(bytes(32), key_id=1, kind=CodeType.COUPON, handle=b"\xab" * 8, generation=0,
                         expires=220_000_000, tail=tail)  # fmt: skip
        self.desk.counter.codes.leases = [(("ab" * 8), number, text)]
        return "ab" * 8, text

    def why(self) -> str:
        """Why no code is shown."""
        return self.ui.codes.presenter.state.why_none

    def later(self, seconds: int) -> None:
        self.desk.counter.at_ms += seconds * 1_000
        self.ui.codes.presenter.tick()
        settle()


def read(picture: QImage | Image.Image) -> str:
    if isinstance(picture, QImage):
        grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
        data = bytes(grey.constBits())
        lines = [data[y * grey.bytesPerLine() :][: grey.width()] for y in range(grey.height())]
        picture = Image.frombytes("L", (grey.width(), grey.height()), b"".join(lines))
    found = zxingcpp.read_barcodes(picture)
    return found[0].text if found else ""


@pytest.fixture
def counter(tmp_path: Path, show: Callable[..., QWidget]) -> Counter:
    made = Counter(make_desk(signed_in=False), tmp_path)
    show(made.ui.window)
    return made


def test_f3_shows_her_own_code_and_a_phone_reads_it(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    assert counter.ui.window.current == CODES
    text = counter.shown()
    assert text == short_url("q.guidedesk.example", OWN)
    found = decode(text)
    assert isinstance(found, CodeOk)
    assert found.type == "associate"
    assert counter.page.shown._name.text() == "林晓夏"


def test_her_own_code_is_renewed_after_one_question_and_only_online(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    asked = heard(counter.desk.sync_wanted)
    counter.page._renew.click()
    settle()
    answer = counter.page._renew_no
    assert answer.visibleRegion().boundingRect() == answer.rect(), "the question stands below what the pane shows"
    assert counter.desk.counter.codes.renewed == 0
    counter.page._renew_no.click()
    settle()
    assert not counter.ui.codes.presenter.state.asks
    counter.desk.counter.codes.is_cut = True
    counter.page._renew.click()
    counter.page._renew.click()
    settle()
    problem = counter.ui.codes.presenter.state.problem
    assert problem is not None
    assert problem.code == "badge_needs_office"
    assert decode(counter.shown()).digits == OWN  # type: ignore[union-attr]
    counter.desk.counter.codes.is_cut = False
    counter.page._renew.click()
    counter.page._renew.click()
    settle()
    assert (counter.desk.counter.codes.renewed, len(asked)) == (1, 1)


def test_each_kind_has_its_key(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_5, ALT)
    assert decode(counter.shown()).type == "store"  # type: ignore[union-attr]
    counter.press(Qt.Key.Key_1, ALT)
    assert decode(counter.shown()).type == "associate"  # type: ignore[union-attr]
    counter.press(Qt.Key.Key_Down)
    assert counter.ui.codes.presenter.state.kind == "invitation"


def test_an_invitation_is_recorded_once_counts_down_and_ends(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_2, ALT)
    assert decode(counter.shown()).digits == INVITATION  # type: ignore[union-attr]
    [made] = counter.made(IssueInvitation)
    assert made == IssueInvitation(invitation_id=derived_id("invitation", INVITATION), code_digits=INVITATION)
    counter.press(Qt.Key.Key_1, ALT)
    counter.press(Qt.Key.Key_2, ALT)
    assert len(counter.made(IssueInvitation)) == 1, "a fresh one is shown again"
    counter.later(49)
    assert counter.ui.codes.presenter.state.left_s == 551
    counter.later(551)
    assert counter.why() == "over"
    assert not counter.page.shown.code.isVisible()
    counter.page._answered(0)
    assert counter.why() == "none_left", "the pool is empty: said, not hidden"


def test_a_key_pressed_twice_takes_one_code_and_none_for_who_has_gone(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, desk = counter.ui.codes.presenter, counter.desk
    desk.counter.codes.invitations = [INVITATION, short("6", "4")]
    late: list[Callable[[], None]] = []

    def run(lane: str, work: Callable[[], None]) -> None:
        late.append(work) if lane == "read" else work()

    monkeypatch.setattr(desk.tasks, "_run", run)
    for wait in (lambda: None, lambda: desk.set_session(None)):
        codes.invite()
        codes.invite()
        wait()
        while late:
            late.pop(0)()
    made = [each for operations, _ in desk.counter.recorded for each in operations]
    assert [type(each) for each in made] == [IssueInvitation]


def test_an_invitation_somebody_used_is_taken_off_the_screens(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_2, ALT)
    counter.press(Qt.Key.Key_F12)
    assert counter.screen.isVisible()
    presenter = counter.ui.codes.presenter
    with counter.desk.counter.shop.engine.begin() as connection:
        row = {
            "scope_id": LAKESIDE, "id": derived_id("invitation", INVITATION), "row_ver": 9, "digits": INVITATION,
            "staff_id": LIN, "issued_at_ms": NOW, "expires_at_ms": NOW + 600_000, "used_at_ms": NOW + 5_000,
            "member_id": SHEN, "deleted_at_ms": None,
        }  # fmt: skip
        store_rows(connection, "invitation", [row])
    presenter.reload()
    settle()
    assert presenter.state.why_none == "joined"
    assert not counter.screen.isVisible()


def test_f12_shows_the_customer_only_what_she_may_see_and_takes_it_down(counter: Counter) -> None:
    counter.ui.open_member(SHEN)
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_F12)
    assert counter.screen.isVisible()
    assert read(counter.screen.grab().toImage()) == counter.shown()
    said = " ".join(label.text() for label in counter.screen.findChildren(QWidget) if hasattr(label, "text"))
    assert "晓夏" in said
    assert not {word for word in ("沈知微", "2746", "¥", "138") if word in said}
    assert "沈" not in counter.screen.windowTitle()
    assert counter.ui.window.isActiveWindow(), "the keyboard stays with the associate"
    counter.press(Qt.Key.Key_F12)
    assert not counter.screen.isVisible()
    assert counter.ui.window.isActiveWindow()
    counter.press(Qt.Key.Key_F12)
    counter.later(121)
    assert not counter.screen.isVisible(), "it comes down by itself"
    counter.press(Qt.Key.Key_F12)
    counter.press(Qt.Key.Key_F9)
    assert not counter.screen.isVisible(), "locking clears it"


def test_a_card_is_voided_only_after_one_question(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_4, ALT)
    assert counter.ui.codes.presenter.state.why_none == "no_member"
    counter.ui.open_member(SHEN)
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_4, ALT)
    yes = counter.page.shown._none.buttons[0]
    yes.click()
    settle()
    assert counter.made(ReissueCard) == []
    counter.press(Qt.Key.Key_Escape)
    assert not counter.ui.codes.presenter.state.asks
    yes.click()
    yes.click()
    settle()
    assert counter.made(ReissueCard) == [ReissueCard(member_id=SHEN, code_digits=CARD, code_typed="123456789012")]
    assert decode(counter.shown()).digits == CARD  # type: ignore[union-attr]
    assert counter.page.shown._eye.text() == "1234 5678 9012"
    counter.press(Qt.Key.Key_P, CTRL)
    [pdf] = sorted(counter.folder.iterdir())
    data = pdf.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 2
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", data))
    assert {(round(float(w) * 25.4 / 72), round(float(h) * 25.4 / 72)) for w, h in boxes} == {(86, 54)}
    assert "沈" not in pdf.name


def test_a_coupon_goes_onto_the_card_and_its_code_is_shown(counter: Counter) -> None:
    handle, text = counter.lease(7, "满 1,500 减 200", 20_000)
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_3, ALT)
    assert counter.why() == "no_member"
    counter.ui.open_member(SHEN)
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_3, ALT)
    assert counter.why() == "give"
    counter.press(Qt.Key.Key_Return, CTRL)
    assert counter.made(IssueCoupon) == [IssueCoupon(member_id=SHEN, handle=handle, campaign_no=7)]
    assert counter.shown() == short_url("q.guidedesk.example", text)
    shelf = counter.ui.codes.presenter.state.shelf
    assert shelf is not None
    assert [one.handle for one in shelf.loaded] == [handle]
    assert (shelf.offers[0].left, shelf.offers[0].left_minor) == (1, 20_000)
    counter.press(Qt.Key.Key_F12)
    said = " ".join(label.text() for label in counter.screen.findChildren(QWidget) if hasattr(label, "text"))
    assert "沈" not in said
    counter.ui.codes.presenter.choose_offer(7)
    counter.page.given.emit()
    problem = counter.ui.codes.presenter.state.problem
    assert problem is not None
    assert problem.code == "coupon_no_lease"


class Redeeming:
    """A coupon of Shen's at this counter, about to be scanned."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        handle, text = counter.lease(7, "满 1,500 减 200", 20_000)
        counter.desk.record(IssueCoupon(member_id=SHEN, handle=handle, campaign_no=7))
        read = read_signed(text)
        assert not isinstance(read, Reason)
        self.scan = CouponScan(text, read, NOW, "camera")

    def come(self) -> None:
        self.counter.ui.counter.coupon_scanned.emit(self.scan)
        settle()

    @property
    def form(self) -> RedeemPresenter:
        return self.counter.ui.actions.redeem

    def told(self) -> str:
        error = self.form.state.problem("pin") or self.form.state.problem("number")
        return "" if error is None else error.code


def test_a_coupon_is_used_on_a_changing_code_and_then_it_is_used(counter: Counter) -> None:
    case = Redeeming(counter)
    counter.desk.record(RecordVisit(visit_id=derived_id("v", 1), member_id=SHEN), assurance=2)
    case.come()
    assert not case.form.state.needs_manager
    counter.press(Qt.Key.Key_Return, CTRL)
    [used] = counter.made(RedeemCoupon)
    assert isinstance(used, RedeemCoupon)
    assert (used.member_id, used.value_minor, used.is_final, used.override_by) == (SHEN, 20_000, True, None)
    assert used.channel == "camera"
    case.come()
    assert counter.ui.counter.state.result is not None
    assert counter.ui.counter.state.result.kind == "coupon_used"
    assert len(counter.made(RedeemCoupon)) == 1


def test_a_coupon_on_the_open_card_is_used_from_there(counter: Counter) -> None:
    case = Redeeming(counter)
    counter.desk.record(RecordVisit(visit_id=derived_id("v", 1), member_id=SHEN), assurance=2)
    counter.ui.open_member(SHEN)
    settle()
    page: Any = counter.ui.window.page(MEMBERS)
    [use] = [button for button in page.coupons.findChildren(Button) if button.accessibleName().startswith("核销")]
    use.click()
    assert case.form.state.coupon is not None
    assert not case.form.state.needs_manager
    counter.press(Qt.Key.Key_Return, CTRL)
    [used] = counter.made(RedeemCoupon)
    assert isinstance(used, RedeemCoupon)
    assert (used.value_minor, used.is_final, used.channel) == (20_000, True, None)
    assert page.coupons.isHidden(), "it is used up"


def test_without_proof_a_manager_vouches_with_her_pin(counter: Counter) -> None:
    case = Redeeming(counter)
    counter.desk.record(RecordVisit(visit_id=derived_id("v", 1), member_id=SHEN), assurance=1)
    case.come()
    counter.press(Qt.Key.Key_Return, CTRL)
    assert case.told() == "coupon_proof"
    for number, pin, wanted in (("M002", "000000", "wrong_pin"), ("A021", PIN, "not_a_manager")):
        case.form.type_number(number)
        case.form.type_pin(pin)
        counter.press(Qt.Key.Key_Return, CTRL)
        assert case.told() == wanted
        assert case.form.state.pin == ""
    assert counter.made(RedeemCoupon) == []
    case.form.type_number("M002")
    case.form.type_pin(PIN)
    counter.press(Qt.Key.Key_Return, CTRL)
    [used] = counter.made(RedeemCoupon)
    assert isinstance(used, RedeemCoupon)
    assert used.override_by == GAO
    assert PIN not in repr(counter.desk.counter.drafts)


def test_a_coupon_nobody_here_knows_needs_a_card_in_front(counter: Counter) -> None:
    _, text = counter.lease(7, "满 1,500 减 200", 20_000)
    read = read_signed(text)
    assert not isinstance(read, Reason)
    counter.ui.counter.coupon_scanned.emit(CouponScan(text, read, NOW))
    settle()
    assert counter.ui.counter.state.result is not None
    assert counter.ui.counter.state.result.kind == "other_kind"
    counter.ui.open_member(SHEN)
    counter.ui.counter.coupon_scanned.emit(CouponScan(text, read, NOW))
    settle()
    coupon = counter.ui.actions.redeem.state.coupon
    assert coupon is not None
    assert (coupon.state, coupon.is_own) == ("unknown", False)


def test_the_picture_that_is_saved_is_the_code_that_is_shown(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_S, CTRL)
    [png] = sorted(counter.folder.iterdir())
    assert read(Image.open(png)) == counter.shown()


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<svg"), ("pdf", b"%PDF-")])
def test_for_posters_it_is_saved_as_lines(counter: Counter, kind: str, begins: bytes) -> None:
    counter.press(Qt.Key.Key_F3)
    getattr(counter.page.send, kind).click()
    settle()
    [saved] = sorted(counter.folder.iterdir())
    assert saved.suffix == f".{kind}"
    assert begins in saved.read_bytes()[:200]


def test_a_staff_badge_comes_from_head_office_alone(counter: Counter) -> None:
    badge = sign_code(bytes(32), key_id=1, kind=CodeType.STAFF_BADGE, handle=b"\xcd" * 8, generation=0,
                      expires=220_000_000, tail=b"\0\1")
    counter.desk.counter.codes.badge = badge
    counter.press(Qt.Key.Key_F3)
    assert counter.page.send.badge.isVisible()
    counter.page.send.badge.click()
    settle()
    [saved] = sorted(counter.folder.iterdir())
    assert saved.name.startswith("code-badge-")
    assert saved.read_bytes()[:5] == b"%PDF-"
    saved.unlink()
    counter.desk.counter.codes.is_cut = True
    counter.page.send.badge.click()
    settle()
    assert sorted(counter.folder.iterdir()) == []
    assert counter.ui.codes.presenter.state.problem is not None
    assert counter.ui.codes.presenter.state.problem.code == "badge_needs_office"


def test_what_came_of_her_code_is_counted_from_what_happened(counter: Counter) -> None:
    day_ms = 86_400_000
    count = {"scope_id": LAKESIDE, "row_ver": 1, "digits": OWN, "staff_id": LIN, "deleted_at_ms": None}
    days = [count | {"id": derived_id("n", day), "day": day, "scanned": n, "joined": 1} for day, n in
            (("2026-11-21", 9), ("2026-11-01", 55), ("2026-10-31", 700))]
    bound = {
        "scope_id": LAKESIDE, "id": SHEN, "row_ver": 9, "owner_id": LIN, "pool_store_id": None, "cause": "scanned",
        "bound_at_ms": NOW - 60_000, "last_touch_ms": NOW, "previous_owner_id": None, "deleted_at_ms": None,
    }  # fmt: skip
    with counter.desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "code_count", days)
        store_rows(connection, "binding", [bound])
        # One after she was bound today, one before it, one yesterday.
        rows = [purchase_row(901, SHEN, 0, ("衣", "女装", 100), paid_at_ms=NOW - 1),
                purchase_row(902, SHEN, 0, ("衣", "女装", 100), paid_at_ms=NOW - 70_000),
                purchase_row(903, SHEN, 1, ("衣", "女装", 100), paid_at_ms=NOW - day_ms)]
        store_rows(connection, "purchase", rows)
    counter.press(Qt.Key.Key_F3)
    info = counter.ui.codes.presenter.state.info
    assert info is not None
    assert (info.today.scanned, info.today.joined, info.month.scanned) == (9, 1, 64)
    assert (info.today.bound, info.today.bought) == (1, 1)


def test_a_silent_printer_loses_nothing_and_the_job_can_be_repeated(counter: Counter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    counter.desk.counter.printer_settings = PrinterSettings(f"127.0.0.1:{port}")
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_L, CTRL)
    state = counter.ui.codes.presenter.state
    assert state.problem is not None
    assert (state.problem.code, state.kept_label, bool(state.text)) == ("printer_silent", True, True)
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", port)) as server:

        def take() -> None:
            line, _ = server.accept()
            with line:
                while part := line.recv(65_536):
                    got.append(part)

        printer = threading.Thread(target=take)
        printer.start()
        counter.page._problem.again.click()
        printer.join(10)
    settle()
    assert b"".join(got).startswith(b"\x1b@\x1dv0")
    assert counter.ui.codes.presenter.state.problem is None


def test_without_a_label_printer_its_address_is_asked(counter: Counter) -> None:
    counter.press(Qt.Key.Key_F3)
    counter.press(Qt.Key.Key_L, CTRL)
    dialog = counter.ui.window.overlays.dialog
    assert dialog is not None
    counter.ui.codes.printers.write_label("http://nonsense")
    counter.press(Qt.Key.Key_Return, CTRL)
    problem = counter.ui.codes.printers.state.problem
    assert problem is not None
    assert problem.code == "printer_address"
    counter.ui.codes.printers.write_label("192.168.1.40")
    counter.press(Qt.Key.Key_Return, CTRL)
    assert counter.desk.counter.printer_settings.label == "192.168.1.40"


def test_what_labels_and_cards_carry_is_read_back() -> None:
    code = short_url("Q.SONGYU.EXAMPLE", OWN)
    words = LabelWords("松屿", "杭州湖滨店", "林晓夏", "专属导购", code, "A017", NOW, "收银台 2")
    for width in (384, 576):
        picture = draw_label(words, width)
        assert read(as_image(bitmap_of(picture))) == code
    card = QImage(px(CARD_MM[0]), px(CARD_MM[1]), QImage.Format.Format_RGB32)
    painter = QPainter(card)
    draw_back(painter, CardWords(brand="松屿", tier="super", name="沈知微", number="883000002746", joined_at_ms=NOW,
                                 store="湖滨店", code=short_url("Q.SONGYU.EXAMPLE", CARD)))
    painter.end()
    assert decode(read(card)).digits == CARD  # type: ignore[union-attr]


def as_image(bitmap: Bitmap) -> Image.Image:
    """The paper: 1 is black."""
    raw = b"".join(bytes(255 - byte for byte in line) for line in bitmap.lines)
    return Image.frombytes("1", (bitmap.width, len(bitmap.lines)), raw).convert("L")


@pytest.mark.parametrize(
    ("name", "called"),
    [("林晓夏", "晓夏"), ("周牧", "周牧"), ("Lin Xiaoxia", "Lin"), ("欧阳娜娜", "欧阳娜娜"), ("", "")],
)
def test_a_customer_hears_a_first_name(name: str, called: str) -> None:
    assert first_name(name) == called


def test_a_member_card_on_the_customer_screen_names_nobody(qapp: QApplication) -> None:
    i18n.use_language("zh_CN")
    screen = CustomerScreen()
    screen.render_state(replace(STATES["reprinted"], is_on_screen=True))
    said = " ".join(label.text() for label in screen.findChildren(QWidget) if hasattr(label, "text"))
    assert "沈" not in said
    assert "8830" not in said
