"""What DESIGN-UI.md says each screen must show, as keys of the texts or, after `=`, as words of the invented data.

Only what the product has data for: earnings, offers, points, codes and the customer screen come with later versions.
A value `=中文|English` differs by language. `_FRAME` and `_OF` are shared by the states of a screen.
"""

from __future__ import annotations

from typing import Final

_FRAME: Final = ("rail.home", "rail.members", "rail.sync", "top.search", "=林晓夏|Lin Xiaoxia", "role.associate",
                 "=收银台 2|Counter 2", "=F9", "keys.lock")
_ENROL: Final = ("enrol.title", "enrol.step_contact", "enrol.step_key", "enrol.step_approve", "enrol.step_load",
                 "enrol.code", "enrol.fingerprint", "enrol.fingerprint_hint", "enrol.manager", "enrol.do_1",
                 "=HB-COUNTER-3", "=guidedesk.songyu.example", "signin.language_name", "signin.theme_name")
_CODE: Final = ("enrol.code_spoken", "=4821", "=0937", "=6614", "=2058", "=7390", "=1146")
_SIGN_IN: Final = ("signin.brand", "=松屿|SONGYU", "=杭州湖滨店|Hangzhou Lakeside", "=收银台 2|Counter 2", "=10:42",
                   "=11 月 21 日|21 Nov", "signin.people_note", "signin.other", "signin.forgot", "signin.safe_title",
                   "signin.auto_lock", "signin.offline_note", "signin.language_name", "signin.theme_name")
_TILES: Final = ("signin.people", "=A017", "=周牧|Zhou Mu", "=何静怡|He Jingyi", "=陈柏|Chen Bai", "=苏蔓|Su Man",
                 "=高岚|Gao Lan", "=M002", "role.manager", "signin.drafts")
_PIN: Final = ("signin.enter_pin", "pin.cells", "pin.clear", "pin.delete", "=0", "=9", "signin.switch")
_HOME: Final = (*_FRAME, "home.scanner_ready", "home.ready", "home.new_member", "home.look_up",
                "home.agenda", "home.shift", "home.visits", "home.new_members", "home.interactions")
_AGENDA: Final = ("home.last_scan", "home.filter", "home.tab_all", "home.tab_birthday", "home.tab_promised",
                  "home.tab_reorder", "home.tab_visit", "home.done_of", "home.shift_chart")
_PEOPLE: Final = ("=秦之恒", "tier.short.super|tier.super", "home.overdue", "home.action_wechat", "=叶青禾", "=许嘉树",
                  "=江雨桐", "=15:30", "home.action_phone", "=唐可欣", "home.action_view")
_MEMBER: Final = (*_FRAME, "actions.more", "actions.change", "keys.actions",
                  "member.log", "member.served", "member.history", "member.verified", "member.owner",
                  "member.consents", "member.tags", "member.timeline", "member.timeline_filter",
                  "member.preferences")
_SHEN: Final = ("=沈知微", "tier.super", "=8830 0000 2746", "=138 **** 2746", "=3 月 8 日|8 Mar",
                "member.joined.years_months")
_SEEN: Final = ("consent.wechat.yes", "consent.sms.yes", "consent.phone.no", "consent.personalised.yes",
                 "member.consents_updated", "=羊绒", "=不喜打折话术", "member.tag_add", "member.filter.all",
                 "member.filter.purchase", "member.filter.wechat", "member.filter.visit", "member.filter.return",
                 "=HB-261121-0093", "timeline.visit", "=真丝围巾|Silk scarf", "timeline.bound",
                 "member.timeline_shown", "member.from_orders", "member.sizes", "member.colours",
                 "=雾蓝|dusty blue", "member.hours", "member.hours_summary")
_LIVED: Final = (*_SEEN, "=¥1,298.00", "=−¥459.00")
_MINE: Final = ("member.ring.spoken", "member.owner_chip.mine", "member.owner_me", "member.bound",
                "member.earns_until", "member.mine_rule", "member.mine_stays")
_TO_DO: Final = ("member.follow_ups", "=问大衣决定，附雾蓝实拍图", "=19:00", "member.overdue",
                 "member.follow_up_mark_named", "follow_up.more_named")
_HISTORY: Final = (*_FRAME, "back", "=沈知微", "tier.super", "history.title", "history.lifetime", "=¥38,460",
                   "history.orders", "history.orders_note", "history.average", "history.return_rate", "=5.6%",
                   "history.interval_days", "history.favourites", "=针织|Knitwear", "history.find", "history.period",
                   "history.channel", "history.category", "history.with_returns", "history.count", "history.footer")
_LOG: Final = ("log.title", "=沈知微", "log.kind", "talk.visit", "talk.wechat", "talk.sms", "talk.mini", "talk.phone",
               "choice.unavailable", "log.outcome", "outcome.bought", "outcome.tried", "outcome.deciding",
               "outcome.not_interested", "outcome.not_reached", "log.note", "log.note_hint", "log.follow_up",
               "log.slot.tomorrow", "log.slot.three_days", "log.slot.none", "log.keep", "log.save", "log.facts",
               "log.contacts", "dialog.close", "=Ctrl Enter")
_FORM: Final = ("=沈知微", "bind.mine", "dialog.close", "=Ctrl Enter")
_KEPT: Final = ("log.keep", "log.key.leave")
_SALE: Final = (*_KEPT, "dialog.close", "sale.title", "sale.amount", "sale.receipt", "scan_field.mark", "sale.items",
                "sale.item_name", "sale.item_qty", "sale.add_item", "sale.seller", "sale.me", "=周牧|Zhou Mu",
                "=Ctrl Enter", "sale.side", "sale.fact.amount", "sale.fact.when", "=杭州湖滨店|Hangzhou Lakeside",
                "sale.office", "sale.save")
_CLAIM: Final = (*_FORM, *_KEPT, "claim.title", "claim.how", "claim.receipt", "scan_field.mark", "=HB-261121-0093",
                 "claim.rule.match", "claim.rule.wait", "claim.rule.first", "claim.rule.owner", "claim.save")
_RETURN: Final = (*_FORM, *_KEPT, "give_back.title", "give_back.lines", "=美丽诺针织衫|Merino crew knit",
                  "=羊毛半裙|Wool midi skirt", "stepper.none", "give_back.qty", "stepper.of", "give_back.reason",
                  "=HB-261024-0051", "=¥1,457.00", "=−¥459.00", "give_back.total", "give_back.rule.charge",
                  "give_back.rule.money", "give_back.rule.office", "give_back.save")
_PROMISE: Final = ("=沈知微", "bind.mine", "dialog.close", "follow_up.title", "=问大衣决定，附雾蓝实拍图", "=19:00",
                   "follow_up.way", "follow_up.hand_over", "follow_up.cancel", "follow_up.save", "form.close")
_REGISTER: Final = (*_FRAME, "register.title", "register.phone", "register.name", "register.birthday",
                    "register.consents", "register.consent.service", "register.consent.wechat", "register.consent.sms",
                    "register.consent.personalised", "register.answer.none", "register.owner", "register.create")
_SCAN: Final = (*_FRAME, "result.title")
_REFUSED: Final = (*_SCAN, "result.fact.recorded", "result.fact.no", "result.refused.kept", "result.search")
_SEARCH: Final = (*_FRAME, "search.scan", "search.key.move", "search.key.open", "search.add")
_SYNC: Final = (*_FRAME, "sync.tabs", "sync.tab_needs", "sync.tab_queued", "sync.tab_settled", "sync.tab_sent",
                "sync.diagnostics")
_SUMS: Final = ("sync.now", "sync.kpi_queued", "sync.kpi_needs", "sync.kpi_settled", "sync.kpi_contact",
                "sync.detail_ok")
_TABLE: Final = ("sync.list", "list.rows", "sync.col_time", "sync.col_what", "sync.col_by")

MUST_SHOW: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("enrol", "waiting"): (*_ENROL, *_CODE, "enrol.chip_waiting", "enrol.code_valid", "enrol.command"),
    ("enrol", "asking"): (*_ENROL, "enrol.chip_asking"),
    ("enrol", "approved"): (*_ENROL, *_CODE, "enrol.chip_approved", "enrol.approved", "enrol.approved_detail"),
    ("enrol", "loading"): (*_ENROL, "enrol.chip_loading", "enrol.loading", "enrol.step_load_rows", "enrol.progress"),
    ("enrol", "expired"): (*_ENROL, "enrol.chip_expired", "enrol.expired", "enrol.expired_detail", "enrol.again"),
    ("enrol", "refused"): (*_ENROL, "enrol.chip_refused", "enrol.refused", "enrol.refused_detail", "enrol.again"),
    ("enrol", "no_contact"): (*_ENROL, "enrol.chip_no_contact", "enrol.no_contact", "enrol.no_contact_detail",
                              "enrol.try_now"),
    ("signin", "plain"): (*_SIGN_IN, *_TILES, *_PIN, "sync.chip.synced", "signin.forenoon", "signin.hint", "pin.left",
                          "signin.safe_drafts"),
    ("signin", "wrong_pin"): (*_SIGN_IN, *_TILES, *_PIN, "error.wrong_pin", "pin.left"),
    ("signin", "locked_out"): (*_SIGN_IN, *_TILES, "error.staff_wait", "signin.wait"),
    ("signin", "offline"): (*_SIGN_IN, *_TILES, *_PIN, "sync.chip.offline_waiting", "signin.offline_here"),
    ("signin", "choose"): (*_SIGN_IN, *_TILES, "signin.choose_title", "signin.choose_detail"),
    ("signin", "scan_first"): (*_SIGN_IN, *_TILES, "signin.scan_early"),
    ("signin", "number"): (*_SIGN_IN, *_TILES, "signin.other_detail", "signin.number", "signin.number_next"),
    ("signin", "first_time"): (*(key for key in _SIGN_IN if key != "signin.people_note"), "signin.nobody",
                               "signin.nobody_detail", "signin.number", "signin.number_next"),
    ("home", "plain"): (*_HOME, *_AGENDA, *_PEOPLE, "home.scan_hint", "sync.chip.synced", "home.recent",
                        "op.interaction", "home.all_sent"),
    ("home", "offline"): (*_HOME, *_AGENDA, *_PEOPLE, "sync.chip.offline_waiting", "home.offline_title",
                          "home.offline_text", "home.offline_what", "dialog.close", "op.state.queued"),
    ("home", "empty"): (*_HOME, "home.no_scan", "home.empty", "home.empty_detail", "home.recent_empty"),
    ("home", "loading"): (*_HOME, "home.loading", "home.loading_detail", "sync.chip.loading"),
    ("home", "filtered"): (*_HOME, *_AGENDA, "=叶青禾", "=唐可欣"),
    ("member", "mine"): (*_MEMBER, *_SHEN, *_LIVED, *_MINE, *_TO_DO, "=等待上传|waiting to send"),
    ("member", "other"): (*_MEMBER, *_SEEN, "=顾念安", "member.other_title", "member.other_text", "member.other_rule",
                          "member.owner_chip.other", "=何静怡|He Jingyi", "member.ring.spoken"),
    ("member", "none"): (*_MEMBER, *_LIVED, *_TO_DO, "=沈知微", "tier.ordinary", "member.ring.none",
                         "member.owner_chip.none"),
    ("member", "incomplete"): (*_MEMBER, "=方女士", "tier.casual", "member.incomplete", "member.no_phone",
                               "consent.wechat.unasked", "member.tags_none", "member.timeline_none",
                               "member.preferences_none"),
    ("member", "open"): (*_MEMBER, *_SHEN, "=何静怡|He Jingyi", "member.owner_chip.other_open", "=15 oz",
                         "member.hours"),
    ("member", "merged"): (*_MEMBER, *_SHEN, *_LIVED, *_MINE, *_TO_DO, "member.merged_title", "member.merged_text"),
    ("member", "erased"): (*_FRAME, "member.erased_name", "member.erased_title", "member.erased_text",
                           "member.timeline", "=¥1,298.00"),
    ("member", "pending"): (*_MEMBER, "=方女士", "member.incomplete", "member.owner_pending", "member.ring.spoken"),
    ("member", "long_name"): (*_MEMBER, *_LIVED, *_MINE, "=阿卜杜热合曼·买买提艾力·库尔班江·托合提如则·阿不都沙拉木"),
    ("member", "offline"): (*_MEMBER, *_SHEN, *_LIVED, *_MINE, "state.as_of"),
    ("member", "loading"): (*_FRAME, "member.loading_title", "member.loading_text", "member.find"),
    ("member", "empty"): (*_FRAME, "member.none_title", "member.none_text", "member.find"),
    ("history", "receipt"): (*_HISTORY, "list.rows", "history.date", "history.item", "history.size_colour",
                             "history.paid", "history.status", "history.seller",
                             "=2026 年 11 月 21 日|21 Nov 2026", "=羊毛混纺开衫 +1|Wool-blend cardigan +1",
                             "=¥2,799.00", "history.state.part", "history.state.full", "history.no_seller",
                             "=HB-261103-0003", "=羊毛半裙|Wool midi skirt", "=¥1,058.00", "=−¥459.00", "=尺码偏大",
                             "=¥599.00", "history.left", "history.window.in_window_other", "history.return"),
    ("history", "colleague"): (*_FRAME, "back", "=沈知微", "history.hidden", "history.hidden_note", "history.no_amount",
                               "history.footer_hidden", "history.bought", "history.left", "=羊毛半裙|Wool midi skirt",
                               "history.orders_note", "=5.6%", "history.state.part"),
    ("history", "export"): (*_FRAME, "export.title", "export.what", "export.purpose", "export.purpose.customer_asked",
                            "export.purpose.return", "export.purpose.accounts", "export.purpose.other", "export.note",
                            "export.form.xlsx", "export.form.csv", "export.path", "export.marked", "export.browse",
                            "error.export_full", "export.cancel", "export.save"),
    ("history", "empty_filter"): (*_HISTORY, "history.none", "history.none_text.text", "history.none_more",
                                  "history.loosen.text"),
    ("log", "typed"): (*_LOG, "=试了雾蓝双面羊绒大衣 M", "log.suggested", "bind.mine", "log.recent",
                       "log.refused.no_consent.phone", "=11 月 25 日|25 Nov", "=19:00", "=问大衣决定，附雾蓝实拍图"),
    ("log", "capped"): (*_LOG, "log.problem.kind", "log.refused.capped", "log.recent_none"),
    ("edit", "plain"): (*_FORM, *_KEPT, "edit.title", "register.name", "register.birthday", "=03-08", "register.phone",
                        "=138 **** 2746", "edit.phone_why", "edit.rule", "edit.save"),
    ("edit", "wrong"): (*_KEPT, "edit.title", "=方女士", "error.name_empty", "error.birthday_invalid", "=1380000",
                        "error.phone_invalid"),
    ("consent", "asked"): ("=沈知微", "bind.mine", "dialog.close", "consents.title",
                           "consents.how", "consents.ask.wechat", "consents.ask.sms",
                           "consents.ask.phone", "consents.ask.personalised", "consents.before.yes",
                           "consents.before.no", "consents.yes", "consents.no", "consents.rule", "consents.nothing"),
    ("consent", "answered"): (*_FORM, "consents.now.withdrawn", "consents.now.given", "consents.save"),
    ("sale", "typed"): (*_SALE, "=沈知微", "=1284.60", "=¥1,284.60", "=HB-261121-0107", "=针织开衫 M 燕麦",
                        "member.mine_rule"),
    ("sale", "several"): (*_SALE, "=顾念安", "member.other_rule", "sale.item_amount", "=阔腿裤", "=¥1,198.00",
                          "error.items_do_not_add_up"),
    ("sale", "wrong"): (*_SALE, "error.not_an_amount", "=一千二"),
    ("claim", "unknown"): (*_CLAIM, "claim.unknown_title", "claim.unknown_text"),
    ("claim", "found"): (*_CLAIM, "claim.found_title", "claim.fact.when", "=¥1,284.60", "claim.nobody"),
    ("claim", "other"): (*_CLAIM, "claim.other_title", "claim.other_text", "=顾念安"),
    ("return", "typed"): (*_RETURN, "give_back.amount", "=599.00", "=266", "=−¥865.00", "=尺码偏大"),
    ("return", "wrong"): (*_RETURN, "error.return_too_much", "=¥399.00"),
    ("follow_up", "hand_over"): (*_PROMISE, "follow_up.to", "=周牧|Zhou Mu", "=何静怡|He Jingyi"),
    ("follow_up", "colleague"): (*_PROMISE, "follow_up.not_yours", "=何静怡|He Jingyi"),
    ("follow_up", "cancel"): (*_PROMISE, "follow_up.reason", "=已经买了"),
    ("bind", "ask"): ("=沈知微", "bind.title", "bind.scan", "bind.scan_text", "bind.then.mine", "bind.may_not_register",
                      "bind.rule", "error.bind_scan_first"),
    ("bind", "protected"): ("bind.title", "bind.other", "bind.then.protected", "=何静怡|He Jingyi"),
    ("bind", "registered"): ("bind.title", "=方女士", "bind.may_register", "bind.registered"),
    ("bind", "pending"): (*_MEMBER, "bind.result.pending", "bind.result.pending_text", "dialog.close"),
    ("bind", "bound"): (*_MEMBER, "bind.result.bound", "bind.result.bound_text"),
    ("bind", "stays"): (*_FRAME, "=顾念安", "bind.result.stays", "bind.why.protected", "=何静怡|He Jingyi"),
    ("register", "typed"): (*_REGISTER, "=138 0000 4471", "=方女士", "=03-08", "register.answer.yes",
                            "register.answer.no", "register.owner_text", "register.owner_ring", "register.card",
                            "=8851 0394 0017"),
    ("register", "duplicate"): (*_REGISTER, "register.exists", "=方若溪", "register.duplicate_last",
                                "register.duplicate_text", "register.open", "register.different",
                                "register.blocked.decide"),
    ("register", "offline"): (*_REGISTER, "register.offline", "register.card_none", "register.card_none_note"),
    ("register", "wrong"): (*_REGISTER, "error.birthday_invalid", "register.blocked.name"),
    ("scan", "unknown_offline"): (*_SCAN, "scan.unknown_offline", "result.unknown_offline.text", "result.fact.card",
                                  "=0394", "result.fact.check_ok", "result.fact.contact",
                                  "result.unknown_offline.kept", "result.search", "result.new_member"),
    ("scan", "bad_code"): (*_REFUSED, "scan.reason.bad_signature", "result.refused.text.bad_signature"),
    ("scan", "product"): (*_REFUSED, "scan.reason.product", "result.refused.text.product"),
    ("scan", "payment"): (*_REFUSED, "scan.reason.payment_or_identity_number",
                          "result.refused.text.payment_or_identity_number"),
    ("scan", "revoked"): (*_SCAN, "scan.revoked", "result.revoked.text", "result.revoked.kept", "=1120",
                          "result.search"),
    ("scan", "damaged"): (*_REFUSED, "scan.reason.bad_check_digits", "result.refused.text.bad_check_digits"),
    ("scan", "badge"): (*_SCAN, "result.other_kind.staff_badge.title", "result.other_kind.kept"),
    ("search", "found"): (*_SEARCH, "search.members", "=沈知微", "=138 **** 2746", "tier.short.super", "=宋子雯",
                          "=何静怡|He Jingyi", "=孙梓汶", "member.owner_chip.none", "=苏昭文", "bind.mine",
                          "consent.wechat.yes", "search.fact.last", "=¥1,298.00", "search.fact.size",
                          "search.fact.follow_up", "search.open", "search.log", "search.local"),
    ("search", "loading"): (*_SEARCH, "search.loading", "search.loading_text"),
    ("search", "empty"): (*_SEARCH, "search.none", "search.none_text", "search.ask"),
    ("search", "office_none"): (*_SEARCH, "search.none", "search.ask", "search.office.none"),
    ("search", "office_offline"): (*_SEARCH, "search.none", "search.ask", "search.office.offline"),
    ("search", "office"): (*_SEARCH, "=韩若溪", "=139 **** 4410", "search.office.chip", "search.office.row",
                           "search.office.told", "search.office.why", "search.office.reason.here_now",
                           "search.office.reason.after_sales", "search.office.reason.asked_for"),
    ("sync", "plain"): (*_SYNC, *_SUMS, *_TABLE, "sync.title_needs", "sync.chip.needs_person",
                        "=同步, 3 条需处理|Sync, 3 need you", "sync.col_why",
                        "=陆思远", "why.already_done", "why.no_visit", "why.parked", "sync.foot", "op.state.rejected",
                        "rule.first_done", "sync.next_refused", "sync.open_member", "sync.seen"),
    ("sync", "outage"): (*_SYNC, *_TABLE, "sync.title_offline", "sync.detail_offline", "sync.retry", "sync.link_title",
                         "sync.link_summary", "sync.cause_name", "sync.chip_network_ok", "sync.chip_outside_bad",
                         "sync.net_contact", "sync.net_next", "sync.net_limit", "sync.can_title", "sync.can_scan",
                         "sync.can_log", "sync.cannot", "sync.order", "=沈知微", "sync.foot_offline"),
    ("sync", "sent"): (*_SYNC, *_SUMS, *_TABLE, "op.state.accepted", "=沈知微", "=周牧|Zhou Mu", "sync.foot"),
    ("sync", "parked"): (*_SYNC, *_SUMS, *_TABLE, "why.parked_here", "sync.try_again", "sync.seen", "sync.next_parked",
                         "op.state.parked", "sync.seen_note_held"),
    ("sync", "loading"): (*_SYNC, *_TABLE, "sync.title_loading", "sync.detail_loading", "sync.chip.loading"),
    ("sync", "diagnostics"): (*_FRAME, "sync.diagnostics_title", "sync.diagnostics_what", "sync.diagnostics_text",
                              "sync.diagnostics_path", "sync.diagnostics_save", "sync.diagnostics_cancel"),
    ("sync", "settled"): (*_SYNC, *_SUMS, *_TABLE, "sync.title_ok", "op.state.merged", "rule.same_phone",
                          "why.same_phone"),
    ("sync", "empty"): (*_SYNC, *_SUMS, "sync.title_ok", "sync.empty_needs", "sync.empty_needs_detail"),
}
