"""The counter's window put together: every page with its presenter, and who leads where.

No screen calls another: presenters tell what a person wants, and this is the one place that knows the next page.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from guidedesk.domain.access import Permission
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.counter_actions import CounterActions
from guidedesk.ui.counter_articles import CounterArticles
from guidedesk.ui.counter_associates import ASSOCIATE, CounterAssociates
from guidedesk.ui.counter_close import CLOSE, CounterClose
from guidedesk.ui.counter_codes import CODES, CounterCodes
from guidedesk.ui.counter_coupons import CounterCoupons
from guidedesk.ui.counter_day import CounterDay
from guidedesk.ui.counter_earnings import EARNINGS, CounterEarnings
from guidedesk.ui.counter_history import HISTORY as HISTORY
from guidedesk.ui.counter_history import CounterHistory
from guidedesk.ui.counter_log import CounterLog
from guidedesk.ui.counter_new_member import NEW_MEMBER as NEW_MEMBER
from guidedesk.ui.counter_new_member import CounterNewMember
from guidedesk.ui.counter_pick import CounterPick
from guidedesk.ui.counter_search import CounterSearch
from guidedesk.ui.counter_segments import SEGMENTS, CounterSegments
from guidedesk.ui.counter_settings import SETTINGS as SETTINGS
from guidedesk.ui.counter_settings import CounterSettings
from guidedesk.ui.counter_sign_in import SIGN_IN as SIGN_IN
from guidedesk.ui.counter_sign_in import CounterSignIn
from guidedesk.ui.counter_sync import SYNC as SYNC
from guidedesk.ui.counter_sync import CounterSync
from guidedesk.ui.counter_tasks import TASKS, CounterTasks
from guidedesk.ui.counter_team import TEAM, CounterTeam
from guidedesk.ui.counter_turn import CounterTurn
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.care_feed import CareFeed
from guidedesk.ui.presenters.counter import AssociateScan, CounterPresenter, CounterState, ScanResult
from guidedesk.ui.presenters.earnings_feed import FeedState
from guidedesk.ui.presenters.follow_up import FollowUpRef
from guidedesk.ui.presenters.home import HomePresenter
from guidedesk.ui.presenters.joinings import JoinedNotice, JoiningsPresenter
from guidedesk.ui.presenters.member import MemberPresenter
from guidedesk.ui.presenters.member_care import MemberCarePresenter
from guidedesk.ui.presenters.scanner_settings import ScannerSettingsPresenter
from guidedesk.ui.presenters.shell import ShellPresenter
from guidedesk.ui.presenters.undo import Notice, UndoPresenter
from guidedesk.ui.scan_sound import ScanSound
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.views.home import HomePage
from guidedesk.ui.views.member import MemberPage
from guidedesk.ui.views.scan_result import ScanResultPage
from guidedesk.ui.views.shell import ShellBinder
from guidedesk.ui.when_shown import WhenShown
from guidedesk.ui.widgets.labels import person_name, untrusted

# Pages and dialogs that are made later are imported there: a window takes a scan first.
HOME, MEMBERS, SCAN_RESULT = "home", "members", "scan_result"


class CounterWindow(QObject):
    """One window on one desk. `language_chosen` and `theme_chosen` ask the program to remember a choice."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.window = MainWindow()
        self.shell = ShellPresenter(desk, self)
        self._sign_ins = CounterSignIn(desk, self.window, self)
        self._sign_ins.language_chosen.connect(self.language_chosen)
        self._sign_ins.theme_chosen.connect(self.theme_chosen)
        self.sign_in = self._sign_ins.presenter
        self.care = CareFeed(desk, self)
        self.member_care = MemberCarePresenter(desk, self)
        self.home = HomePresenter(desk, self, care=self.care)
        self.joinings = JoiningsPresenter(desk, self)
        self.counter = CounterPresenter(desk, self)
        self.member = MemberPresenter(desk, self)
        self._histories = CounterHistory(desk, self.window, self._is_allowed, self)
        self.history, self.export = self._histories.presenter, self._histories.export
        self.earnings = CounterEarnings(desk, self.window, self._is_allowed, self)
        self.close = CounterClose(desk, self.window, self._is_allowed, self)
        self.associates = CounterAssociates(desk, self.window, self)
        self.segments = CounterSegments(desk, self.window, self._is_allowed, self)
        self.team = CounterTeam(desk, self.window, self._is_allowed, self)
        self._logs = CounterLog(desk, self.window, self)
        self._logs.told.connect(self._tell_notice)
        self.log = self._logs.presenter
        self._syncs = CounterSync(desk, self.window, self)
        self._syncs.member_wanted.connect(self.open_member)
        self.sync, self.diagnostics = self._syncs.presenter, self._syncs.diagnostics
        self.scanner_settings = ScannerSettingsPresenter(desk, self)
        self.settings = CounterSettings(desk, self.window, self.scanner_settings, self)
        self.sound = ScanSound(self)
        self.counter.member_scanned.connect(self.sound.good)
        self.counter.scan_failed.connect(self.sound.not_good)
        self._new_members = CounterNewMember(desk, self.window, self._is_allowed, self)
        self.new_member = self._new_members.presenter
        self.searches = CounterSearch(desk, self.window, self._is_allowed, self)
        self.search = self.searches.presenter
        self._shown: list[WhenShown] = []
        self.undo = UndoPresenter(desk, self)
        self.actions = CounterActions(desk, self.window, self._is_allowed, self)
        self.actions.told.connect(self._tell_notice)
        self.pick = CounterPick(
            desk, self.window, self.search, self.actions, self._is_allowed, self.begin_search, self
        )  # fmt: skip
        self.joinings.joined.connect(self._tell_joined)
        self.codes = CounterCodes(desk, self.window, self._is_allowed, self)
        self.codes.search_wanted.connect(self.begin_search)
        self.tasks = CounterTasks(desk, self.window, self.care, self)
        self.tasks.told.connect(self._tell_notice)
        self.tasks.member_wanted.connect(self.open_member)
        self.tasks.change_wanted.connect(self.actions.open_follow_up)
        self.tasks.log_wanted.connect(self.log.open_task)
        self.tasks.new_wanted.connect(self.pick.for_task)
        self.tasks.phone_wanted.connect(self._show_phone)
        self.binder = ShellBinder(self.window, self.shell)
        self.shell.state_changed.connect(self.tasks.badge.show_count)
        sign_in_page = self._sign_ins.add_page()
        self._add_home()
        self.day = CounterDay(desk, self.window, self.care, self)
        self.day.show_on(self._home_page, sign_in_page)
        self.day.member_wanted.connect(self.open_member)
        self.day.page_wanted.connect(self.window.show_page)
        self.day.lock_wanted.connect(self.shell.lock)
        self._add_member()
        self.window.add_page_later(HISTORY, self._histories.add_page)
        self._histories.log_wanted.connect(self.log.open)
        self._histories.return_wanted.connect(self.actions.open_return)
        self._histories.why_wanted.connect(self.earnings.why_not)
        self.window.add_page_later(EARNINGS, self.earnings.add_page)
        self.window.add_page_later(TEAM, self.team.add_page)
        self.window.add_page_later(CLOSE, self.close.add_page)
        self.window.add_page_later(ASSOCIATE, self.associates.add_page)
        self.associates.member_wanted.connect(self.open_member)
        self.associates.undo_offered.connect(self.undo.forget)
        self.window.add_page_later(SEGMENTS, self.segments.add_page)
        self.earnings.history_wanted.connect(self.history.open)
        self.earnings.member_wanted.connect(self.open_member)
        self.team.member_wanted.connect(self.open_member)
        self.segments.list.presenter.member_wanted.connect(self.open_member)
        self.team.associate_wanted.connect(self.show_associate)
        self._new_members.member_wanted.connect(self.open_member)
        self._new_members.left.connect(self._go_back)
        self._add_scan_result()
        self.articles = CounterArticles(desk, self.window, self)
        self.counter.article_scanned.connect(self.articles.show_scanned)
        self.counter.article_scanned.connect(self.sound.good)
        self.articles.opening.connect(self._keep_what_was_typed)
        self.articles.member_wanted.connect(self.open_member)
        self._add_search()
        self.window.add_page_later(SYNC, self._syncs.add_page)
        self.window.add_page_later(SETTINGS, self.settings.add_page)
        self.window.add_page_later(CODES, self.codes.add_page)
        self.window.add_page_later(TASKS, self.tasks.add_page)
        self.coupons = CounterCoupons(
            desk, self.counter, self.actions.redeem, self._served_member, self._is_allowed, self
        )
        self.member.state_changed.connect(self.codes.serve)
        self.turn = CounterTurn(desk, self.window, self._person_in_front, MEMBERS, self)
        self.turn.lock_wanted.connect(self.shell.lock)
        self.turn.presenter.more_wanted.connect(self.member.read_more)
        self.member.state_changed.connect(self.turn.presenter.take_member)
        self.member_care.state_changed.connect(self.turn.presenter.take_care)
        self.counter.member_scanned.connect(self.turn.presenter.take_scan)
        self._lead_from_settings()
        desk.session_changed.connect(self._session_changed)
        desk.tasks.failed.connect(self._tell_failure)
        self.window.page_shown.connect(self._page_shown)
        self.window.commanded.connect(self._commanded)
        self.window.undo_requested.connect(self.undo.undo)
        self.undo.undone.connect(self._tell_undone)

    def open(self) -> None:
        """Show the sign-in page and begin to watch the time."""
        self.shell.open()
        self.window.lock(SIGN_IN)

    def on_scanned(self, scan: Scan) -> None:
        """A scan, whatever has the focus: a badge or refusal on the sign-in page, else the member's card."""
        if self.desk.session is None:
            self.sign_in.on_scanned(scan)
        elif self.settings.takes_scans:
            self.scanner_settings.take(scan)
        elif self._is_allowed("member.view") and not self.actions.take_scan(scan):
            self.counter.on_scanned(scan)

    def _lead_from_settings(self) -> None:
        self.settings.associate_wanted.connect(self.show_associate)
        self.settings.printers_wanted.connect(self.codes.printers.open)
        self.settings.screen_wanted.connect(self._turn_screen)
        self.settings.takes_down_switched.connect(self.codes.presenter.set_takes_down)
        self.codes.presenter.state_changed.connect(self.settings.take_codes)
        self.settings.take_codes(self.codes.presenter.state)
        self.settings.centre_wanted.connect(self._syncs.show_page)
        self.settings.diagnostics_wanted.connect(self.diagnostics.open)
        self.settings.sync_wanted.connect(self.shell.sync_now)

    def _turn_screen(self) -> None:
        self.codes.run("customer_screen")

    # --- pages ------------------------------------------------------------------------------------

    def _add_home(self) -> None:
        page, presenter = HomePage(), self.home
        presenter.state_changed.connect(self._when_shown(page).take)
        presenter.member_opened.connect(self.open_member)
        presenter.noticed.connect(self._tell_notice)
        page.item_changed.connect(presenter.change_item)
        presenter.item_change_wanted.connect(self.actions.open_follow_up)
        page.filtered.connect(presenter.filter)
        page.item_opened.connect(presenter.open_item)
        page.item_ticked.connect(presenter.complete)
        page.banner_closed.connect(presenter.close_banner)
        page.new_member_wanted.connect(self.add_member)
        page.search_begun.connect(self.begin_search)
        page.sync_opened.connect(self._syncs.show_page)
        page.earnings_hidden.connect(self.earnings.hide_figures)
        page.earnings_opened.connect(self.earnings.show_page)
        self.earnings.figures_changed.connect(self._show_figures)
        self._home_page = page
        self.window.add_page(HOME, page)

    def _show_figures(self, feed: FeedState, is_hidden: bool) -> None:
        self._home_page.render_earnings(feed, is_hidden=is_hidden)

    def _add_member(self) -> None:
        page, presenter = MemberPage(), self.member
        page.returned.connect(presenter.open)
        card, care = self._when_shown(page), WhenShown(page, page.render_care)
        # First, so that what was told of the one before is gone when the card is laid out, once for both.
        presenter.state_changed.connect(self.member_care.follow)
        self.member_care.state_changed.connect(care.take)
        presenter.state_changed.connect(card.take)
        presenter.opened.connect(self._show_member)
        self.member_care.noticed.connect(self._tell_notice)
        page.next_done.connect(self.member_care.complete)
        page.next_another.connect(self.member_care.another)
        page.next_dismissed.connect(self.member_care.dismiss)
        page.wish_ended.connect(self.member_care.end_wish)
        page.family_removed.connect(self.member_care.remove_family)
        presenter.noticed.connect(self._tell_notice)
        presenter.log_requested.connect(self.log.open)
        presenter.history_requested.connect(self.history.open)
        page.log_started.connect(presenter.log)
        page.served.connect(presenter.served)
        page.history_opened.connect(presenter.history)
        page.filter_chosen.connect(presenter.filter)
        page.more_wanted.connect(presenter.read_more)
        page.tag_added.connect(presenter.add_tag)
        page.tag_removed.connect(presenter.remove_tag)
        page.own_tag_added.connect(presenter.add_own_tag)
        page.own_tag_removed.connect(presenter.remove_own_tag)
        page.follow_up_completed.connect(presenter.complete)
        page.follow_up_changed.connect(self._change_follow_up)
        page.action_chosen.connect(self._act_on_member)
        page.head.more.offer_if(self.actions.offers)
        page.coupon_used.connect(self._use_coupon)
        self.actions.bind.result_changed.connect(page.show_result)
        page.result_closed.connect(self.actions.bind.close_result)
        self.counter.associate_scanned.connect(self._bind_scanned)
        page.search_started.connect(self.begin_search)
        self.counter.member_scanned.connect(self._show_scanned)
        page.render_state(presenter.state)
        self.window.add_page(MEMBERS, page)

    def _act_on_member(self, name: str) -> None:
        member_id = self.member.workable_id
        if member_id and name == "duplicate":
            self.pick.for_duplicate(member_id)
        elif member_id:
            self.actions.open(name, member_id)

    def _use_coupon(self, handle: str, campaign_no: int) -> None:
        self.coupons.use(handle, campaign_no)

    def _change_follow_up(self, follow_up_id: str) -> None:
        self.actions.open_follow_up(FollowUpRef(self.member.workable_id, follow_up_id))

    def _served_member(self) -> str:
        """Whose card is in front."""
        return self.member.workable_id if self.window.current == MEMBERS else ""

    def _person_in_front(self) -> str:
        """Who may stand before the screen: whose card or purchases are on it."""
        data = self.history.state.data
        if self.window.current == HISTORY and data is not None and data.head.member_id == self.member.workable_id:
            return self.member.workable_id
        return self._served_member()

    def _bind_scanned(self, scan: AssociateScan) -> None:
        if self.window.current == MEMBERS and self.member.workable_id:
            self._keep_what_was_typed()
            self.actions.bind_scanned(self.member.workable_id, scan.digits, scan.channel)
        else:
            self.counter.no_card_for(scan)

    def _add_scan_result(self) -> None:
        page = ScanResultPage()
        self.counter.scan_failed.connect(self._show_result)
        page.search_started.connect(self.begin_search)
        page.new_member_started.connect(self.add_member)
        page.left.connect(self._go_back)
        page.served.connect(self.open_member)
        self.counter.badge_scanned.connect(self._switch_user)
        self._result_page = page
        self.window.add_page(SCAN_RESULT, page)

    def _when_shown(self, page: HomePage | MemberPage) -> WhenShown:
        shown = WhenShown(page, page.render_state)
        self._shown.append(shown)
        return shown

    def _cover_pages(self, is_covered: bool) -> None:
        for shown in self._shown:
            shown.cover(is_covered)
        self._syncs.cover(is_covered)

    def _add_search(self) -> None:
        self.searches.covered.connect(self._cover_pages)
        self.searches.forgotten.connect(self.pick.forget)
        self.searches.add()
        self.pick.opened.connect(self.open_member)
        self.pick.told.connect(self._tell_notice)
        self.search.log_requested.connect(self.log.open)
        self.search.new_member_requested.connect(self.new_member.open)

    # --- who leads where --------------------------------------------------------------------------

    def open_member(self, member_id: str) -> None:
        """Show a member's card."""
        self.member.open(member_id)

    def show_associate(self, staff_id: str) -> None:
        """Show an associate's results and members; for managers."""
        if self._is_allowed("member.reassign"):
            self.associates.open(staff_id)

    def add_member(self) -> None:
        """Take in somebody new."""
        self._new_members.open()

    def begin_search(self, typed: str = "") -> None:
        """Put the keyboard into the search field, with the letter that began it."""
        self.searches.begin(typed)

    def _show_phone(self, member_id: str) -> None:
        self.actions.open("phone", member_id)

    def _show_member(self, _member_id: str) -> None:
        if self.window.current != MEMBERS:
            self.window.show_page(MEMBERS)

    def _show_scanned(self, state: CounterState) -> None:
        # Text being typed is kept as a draft before the screen changes (DESIGN-UI.md 8.3).
        is_for_list = state.card is not None and self.segments.take_member(state.card.member_id)
        self._keep_what_was_typed()
        if state.card is not None and not is_for_list:
            self.member.show_scanned(state.card)
            if not state.is_new_visit:
                # Recording a visit reads her again; without one, rows that came while this was read would be missing.
                self.member.reload()

    def _switch_user(self, staff: StaffInfo) -> None:
        """Another badge: lock at once, and she is who is about to sign in (DESIGN-UI.md 10)."""
        self.shell.lock()
        self.day.end.close()
        self.sign_in.choose_staff(staff)

    def _show_result(self, result: ScanResult) -> None:
        self._keep_what_was_typed()
        self._result_page.show_result(result)
        self.window.show_page(SCAN_RESULT)

    def _keep_what_was_typed(self) -> None:
        self.search.close()
        self.history.stay_back()
        self.log.leave()
        self.export.leave()
        self.earnings.leave()
        self.close.leave()
        self.associates.leave()
        self.segments.leave()
        self._syncs.leave()
        self.team.leave()
        self.settings.leave()
        self.new_member.leave()
        self.actions.keep_what_was_typed()

    def _go_back(self) -> None:
        if not self.window.back():
            self.window.show_page(HOME, remember=False)

    def _session_changed(self, session: Session | None) -> None:
        if session is None:
            self._keep_what_was_typed()
            self.window.lock(SIGN_IN)
        else:
            self.window.history.clear()
            self.window.show_page(HOME if self.desk.may("member.view") else SYNC, remember=False)

    def _page_shown(self, name: str) -> None:
        self.search.close()  # it lay over the page before
        # What nobody sees is not read either: the counter's two cores belong to the page in front.
        if name != HOME:
            self.home.rest()
        if name != SYNC:
            self.sync.rest()
        if name != CODES:
            self.codes.presenter.rest()
        else:
            self.codes.presenter.wake()
        self.tasks.shown(name)
        if name != HISTORY:
            self.history.rest()
        else:
            self.history.wake()
        if name == SIGN_IN:
            self.sign_in.open()
        elif name == HOME:
            self.home.open()
        elif name == SYNC:
            self.sync.open()
        elif name == SETTINGS:
            self.settings.open()

    def _commanded(self, name: str) -> None:
        if name == "log":
            self.member.log()
        elif name == "new_member":
            self.add_member()
        elif name == "turn_to_customer":
            self.search.close()
            self.turn.turn()
        elif name == "close_day" and self.desk.session is not None:
            self.day.close_day()
        elif name == "earnings" and self.desk.session is not None:
            self.earnings.show_page()
        elif name == "tasks" and self._is_allowed("follow_up.complete"):
            self.tasks.show_page()
        else:
            self.codes.run(name)

    def _is_allowed(self, permission: Permission) -> bool:
        """Whether whoever is signed in may do this; if not, the window says who can."""
        allowed = self.desk.may(permission)
        if not allowed:
            self.window.toast(i18n.t("error.forbidden"))
        return allowed

    def _tell_notice(self, notice: Notice) -> None:
        date = formats.day_text(notice.day) if notice.day is not None else ""
        text = i18n.t(notice.key, name=person_name(notice.name), date=date)
        self.associates.forget_undo()
        self.undo.offer(notice)
        self.window.toast(text, undo=bool(notice.undo))

    def _tell_joined(self, notice: JoinedNotice) -> None:
        staff = untrusted(notice.staff.pick(i18n.language()))
        self.window.toast(i18n.t(notice.key, name=person_name(notice.name), staff=staff))

    def _tell_undone(self) -> None:
        self.window.toast(i18n.t("undo.done"))

    def _tell_failure(self, error: Exception) -> None:
        if isValid(self.window):  # what was asked may fail after the window was closed
            self.window.toast(messages.message_for(error).text)
