"""The dialogs that record something about a member, put together with the window: who opens which, what is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, Reason
from guidedesk.domain.access import Permission
from guidedesk.ui.counter_history import ReturnWanted
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.bind import BindPresenter
from guidedesk.ui.presenters.claim import ClaimPresenter
from guidedesk.ui.presenters.consent import ConsentPresenter
from guidedesk.ui.presenters.edit_member import EditMemberPresenter
from guidedesk.ui.presenters.family import FamilyPresenter
from guidedesk.ui.presenters.follow_up import FollowUpPresenter, FollowUpRef
from guidedesk.ui.presenters.forms import FormPresenter
from guidedesk.ui.presenters.gatherings import GatheringsPresenter
from guidedesk.ui.presenters.give_back import ReturnPresenter
from guidedesk.ui.presenters.groups import GroupsPresenter
from guidedesk.ui.presenters.plan import APPOINTMENT, CONTACT, PlanPresenter
from guidedesk.ui.presenters.points import PointsPresenter
from guidedesk.ui.presenters.redeem import RedeemPresenter
from guidedesk.ui.presenters.reveal import RevealPresenter
from guidedesk.ui.presenters.sale import SalePresenter
from guidedesk.ui.presenters.wish import WishPresenter
from guidedesk.ui.scan_source import Scan, ScanOrigin
from guidedesk.ui.widgets.scan_field import scan_field_of

# What is drawn is imported where it is made: a window takes a scan before anybody fills in a form.
if TYPE_CHECKING:
    from guidedesk.ui.views.form_dialog import FormDialog

Allowed = Callable[[Permission], bool]


class CounterActions(QObject):
    """Opens a form about a member by its name: `edit`, `consent`, `sale`, `claim`, `bind`, `wish`, `family`, `visit`,
    `task`, `phone`, `points`, `gathering`, `group`. `told(Notice)` when it was saved."""

    told = Signal(object)

    def __init__(self, desk: Desk, window: MainWindow, is_allowed: Allowed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self._dialog: FormDialog | None = None
        self.edit = EditMemberPresenter(desk, self)
        self.consent = ConsentPresenter(desk, self)
        self.sale = SalePresenter(desk, self)
        self.claim = ClaimPresenter(desk, self)
        self.give_back = ReturnPresenter(desk, self)
        self.follow_up = FollowUpPresenter(desk, self)
        self.bind = BindPresenter(desk, self)
        self.redeem = RedeemPresenter(desk, self)
        self.points = PointsPresenter(desk, self)
        self.wish = WishPresenter(desk, self)
        self.family = FamilyPresenter(desk, self)
        self.plan = PlanPresenter(desk, self)
        self.gathering = GatheringsPresenter(desk, self)
        self.reveal = RevealPresenter(desk, self)
        self.groups = GroupsPresenter(desk, self)
        self.forms: tuple[FormPresenter[Any], ...] = (
            self.edit, self.consent, self.sale, self.claim, self.give_back, self.follow_up, self.bind,
            self.redeem, self.points, self.wish, self.family, self.plan, self.reveal,
            self.gathering, self.groups,
        )
        self._join(self.edit, self._edit_dialog)
        self._join(self.consent, self._consent_dialog)
        self._join(self.sale, self._sale_dialog)
        self._join(self.claim, self._claim_dialog)
        self._join(self.give_back, self._return_dialog)
        self._join(self.follow_up, self._follow_up_dialog)
        self._join(self.bind, self._bind_dialog)
        self._join(self.redeem, self._redeem_dialog)
        self._join(self.points, self._points_dialog)
        self._join(self.wish, self._wish_dialog)
        self._join(self.family, self._family_dialog)
        self._join(self.plan, self._plan_dialog)
        self._join(self.reveal, self._reveal_dialog)
        self._join(self.gathering, self._gathering_dialog)
        self._join(self.groups, self._groups_dialog)

    def open(self, name: str, member_id: str) -> None:
        """Begin one of the forms about a member, if whoever is signed in may."""
        wanted: dict[str, tuple[Permission, FormPresenter[Any]]] = {
            "edit": ("member.edit", self.edit), "consent": ("member.consent", self.consent),
            "sale": ("sale.record", self.sale), "claim": ("sale.claim", self.claim), "bind": ("member.bind", self.bind),
            "points": ("coupon.redeem", self.points),
            "wish": ("member.edit", self.wish), "family": ("member.edit", self.family),
            "phone": ("phone.reveal", self.reveal),
            "gathering": ("follow_up.schedule", self.gathering), "group": ("segment.manage", self.groups),
        }  # fmt: skip
        if name in wanted and self._is_allowed(wanted[name][0]):
            wanted[name][1].open(member_id)
        elif name in ("visit", "task") and self._is_allowed("follow_up.schedule"):
            self.plan.open_as(APPOINTMENT if name == "visit" else CONTACT, member_id)

    def offers(self, name: str) -> bool:
        """Whether a card's menu has this for whoever is signed in: groups are a manager's."""
        return name != "group" or self._is_allowed("segment.manage")

    def bind_scanned(self, member_id: str, digits: str, channel: ScanOrigin) -> None:
        """An associate's code was scanned while this member's card is open."""
        if self._is_allowed("member.bind"):
            self.bind.scan(member_id, digits, channel)

    def open_follow_up(self, ref: FollowUpRef) -> None:
        """Ask what is to become of a promise."""
        if self._is_allowed("follow_up.cancel"):
            self.follow_up.open_item(ref)

    def open_return(self, wanted: ReturnWanted) -> None:
        """Start a return of a purchase."""
        if self._is_allowed("sale.record"):
            self.give_back.open_receipt(wanted.member_id, wanted.ref)

    def keep_what_was_typed(self) -> None:
        """A scan, a lock: every form keeps its draft and goes."""
        for form in self.forms:
            form.leave()

    def take_scan(self, scan: Scan) -> bool:
        """Whether the scan belongs into the field that has the keyboard (DESIGN-UI.md 8.3)."""
        field = scan_field_of(self._window.focusWidget()) if self._dialog is not None else None
        if field is None:
            return False
        found = decode(scan.text)
        if scan.garbled:
            field.tell("scan_field.misread")
        elif isinstance(found, CodeOk):
            return False  # a member's card or an associate's code is never a receipt: it moves on, the draft is kept
        elif found.reason is Reason.PAYMENT_OR_IDENTITY_NUMBER:
            field.tell("scan_field.private")  # never stored, never sent (CODES.md Q-12)
        else:
            field.take_scan(scan.text)
        return True

    def _join(self, form: FormPresenter[Any], make: Callable[[], FormDialog]) -> None:
        shown: list[FormDialog] = []

        def opened() -> None:
            dialog = make()
            shown[:] = [dialog]
            self._dialog = dialog
            dialog.saved.connect(form.save)
            dialog.closed.connect(form.leave)
            self._render(dialog, form)
            self._window.open_dialog(dialog)

        def changed(_state: object) -> None:
            if shown and form.state.card is not None:
                self._render(shown[0], form)
                self._window.overlays.place()

        def gone() -> None:
            if shown:
                shown.clear()
                self._dialog = None
                self._window.overlays.close()

        def saved(notice: object) -> None:
            gone()
            self.told.emit(notice)

        form.opened.connect(opened)
        form.state_changed.connect(changed)
        form.left.connect(gone)
        form.saved.connect(saved)

    def _render(self, dialog: Any, form: FormPresenter[Any]) -> None:
        dialog.render_state(form.state)

    # --- the dialogs, each imported when it is first opened: a window takes a scan first ------------------

    def _edit_dialog(self) -> FormDialog:
        from guidedesk.ui.views.edit_member import EditMemberDialog

        dialog, form = EditMemberDialog(), self.edit
        dialog.name_typed.connect(form.type_name)
        dialog.birthday_typed.connect(form.type_birthday)
        dialog.phone_typed.connect(form.type_phone)
        return dialog

    def _consent_dialog(self) -> FormDialog:
        from guidedesk.ui.views.consent import ConsentDialog

        dialog = ConsentDialog()
        dialog.answered.connect(self._answered)
        return dialog

    def _answered(self, answer: str) -> None:
        self.consent.answer(answer[:-1], answer.endswith("+"))

    def _sale_dialog(self) -> FormDialog:
        from guidedesk.ui.views.sale import SaleDialog

        dialog, form = SaleDialog(), self.sale
        dialog.amount_typed.connect(form.type_amount)
        dialog.receipt_typed.connect(form.type_receipt)
        dialog.item_typed.connect(form.type_item)
        dialog.item_added.connect(form.add_item)
        dialog.seller_chosen.connect(form.choose_seller)
        return dialog

    def _claim_dialog(self) -> FormDialog:
        from guidedesk.ui.views.claim import ClaimDialog

        dialog = ClaimDialog()
        dialog.receipt_typed.connect(self.claim.type_receipt)
        return dialog

    def _return_dialog(self) -> FormDialog:
        from guidedesk.ui.views.give_back import ReturnDialog

        dialog, form = ReturnDialog(), self.give_back
        dialog.stepped.connect(form.step)
        dialog.amount_typed.connect(form.type_amount)
        dialog.reason_written.connect(form.write_reason)
        return dialog

    def _bind_dialog(self) -> FormDialog:
        from guidedesk.ui.views.bind import BindDialog

        return BindDialog()

    def _redeem_dialog(self) -> FormDialog:
        from guidedesk.ui.views.redeem import RedeemDialog

        dialog, form = RedeemDialog(), self.redeem
        dialog.amount_typed.connect(form.type_amount)
        dialog.number_typed.connect(form.type_number)
        dialog.pin_typed.connect(form.type_pin)
        return dialog

    def _points_dialog(self) -> FormDialog:
        from guidedesk.ui.views.points import PointsDialog

        dialog, form = PointsDialog(), self.points
        dialog.points_typed.connect(form.type_points)
        dialog.number_typed.connect(form.type_number)
        dialog.pin_typed.connect(form.type_pin)
        return dialog

    def _wish_dialog(self) -> FormDialog:
        from guidedesk.ui.views.wish import WishDialog

        dialog, form = WishDialog(), self.wish
        dialog.words_typed.connect(form.type_words)
        dialog.article_chosen.connect(form.choose_article)
        dialog.size_typed.connect(form.type_size)
        dialog.colour_typed.connect(form.type_colour)
        dialog.until_typed.connect(form.type_until)
        return dialog

    def _family_dialog(self) -> FormDialog:
        from guidedesk.ui.views.family import FamilyDialog

        dialog, form = FamilyDialog(), self.family
        dialog.relation_chosen.connect(form.choose_relation)
        dialog.event_chosen.connect(form.choose_event)
        dialog.day_typed.connect(form.type_day)
        dialog.agreed.connect(form.answer)
        dialog.age_said.connect(form.say_age)
        return dialog

    def _gathering_dialog(self) -> FormDialog:
        from guidedesk.ui.views.gatherings import GatheringsDialog

        dialog, form = GatheringsDialog(), self.gathering
        dialog.gathering_chosen.connect(form.choose)
        dialog.way_chosen.connect(form.choose_way)
        return dialog

    def _groups_dialog(self) -> FormDialog:
        from guidedesk.ui.views.groups import GroupsDialog

        dialog = GroupsDialog()
        dialog.group_chosen.connect(self.groups.choose)
        return dialog

    def _plan_dialog(self) -> FormDialog:
        from guidedesk.ui.views.plan import PlanDialog

        dialog, form = PlanDialog(), self.plan
        dialog.kind_chosen.connect(form.choose_kind)
        dialog.text_typed.connect(form.type_text)
        dialog.day_typed.connect(form.type_day)
        dialog.hour_typed.connect(form.type_hour)
        dialog.who_chosen.connect(form.choose_who)
        return dialog

    def _reveal_dialog(self) -> FormDialog:
        from guidedesk.ui.views.reveal import RevealDialog

        dialog = RevealDialog()
        dialog.reason_chosen.connect(self.reveal.choose_reason)
        return dialog

    def _follow_up_dialog(self) -> FormDialog:
        from guidedesk.ui.views.follow_up import FollowUpDialog

        dialog, form = FollowUpDialog(), self.follow_up
        dialog.day_typed.connect(form.type_day)
        dialog.hour_typed.connect(form.type_hour)
        dialog.way_chosen.connect(form.choose_way)
        dialog.colleague_chosen.connect(form.choose_colleague)
        dialog.reason_written.connect(form.write_reason)
        return dialog
