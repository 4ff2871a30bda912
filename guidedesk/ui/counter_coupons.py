"""A coupon was scanned: used already, somebody's, or to be used now (CODES.md Q-8, DESIGN-UI.md 5.7)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from guidedesk.codes.forms import CodeType
from guidedesk.domain.access import Permission
from guidedesk.domain.coupons import read_tail
from guidedesk.services.queries.coupons import find_coupon
from guidedesk.services.read_models import CouponInfo
from guidedesk.ui import formats
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.counter import CounterPresenter, CouponScan
from guidedesk.ui.presenters.redeem import RedeemPresenter
from guidedesk.ui.presenters.scan_results import ScanResult


class CounterCoupons(QObject):
    """Takes scanned coupons. `served()` says whose card is open, empty for nobody's."""

    def __init__(
        self, desk: Desk, counter: CounterPresenter, redeem: RedeemPresenter, served: Callable[[], str],
        is_allowed: Callable[[Permission], bool], parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._counter, self._redeem = desk, counter, redeem
        self._served, self._is_allowed = served, is_allowed
        counter.takes_coupons = True
        counter.coupon_scanned.connect(self._scanned)

    def use(self, handle: str, campaign_no: int) -> None:
        """One that is on the open card was chosen there: no code of it was scanned."""
        served = self._served()
        if served and self._is_allowed("coupon.redeem"):
            self._redeem.open_coupon(served, handle, campaign_no, None)

    def _scanned(self, scan: CouponScan) -> None:
        if not self._is_allowed("coupon.redeem"):
            return
        handle, number = scan.record.handle.hex(), read_tail(scan.record.tail).campaign_no
        served = self._served()

        def found(coupon: CouponInfo) -> None:
            self._take(coupon, scan, number, served)

        self._desk.read(
            find_coupon, handle, number, self._desk.counter.device_id, done=found, latest="counter.coupon"
        )

    def _take(self, coupon: CouponInfo, scan: CouponScan, number: int, served: str) -> None:
        if coupon.state == "redeemed":
            at_ms = coupon.redeemed_at_ms
            facts = () if at_ms is None else (("result.fact.used_at", formats.moment_text(at_ms, self._desk.now_ms())),)
            self._counter.tell(ScanResult("coupon_used", scan.at_ms, code_type=CodeType.COUPON, facts=facts))
            return
        member_id = coupon.member_id or served
        if not member_id:
            # Nobody's card is open, and this PC never heard whose it is: her card comes first.
            self._counter.tell(ScanResult("other_kind", scan.at_ms, code_type=CodeType.COUPON))
            return
        self._redeem.open_coupon(member_id, coupon.handle, number, scan.channel)
