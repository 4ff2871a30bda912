"""What a recorded operation was, how it ended and by which rule, in words (SYNC.md 5 and 6, DESIGN-UI.md 12). No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from guidedesk.services.operations import OPERATION_TYPES
from guidedesk.services.read_models import NOBODY, Bilingual
from guidedesk.sync.status import OperationInfo
from guidedesk.ui import formats, i18n

Names = Mapping[str, Bilingual]
Tone = Literal["neutral", "accent", "success", "warning", "danger", "violet"]
_ICONS: Final = {
    "meet_card": "scan", "visit": "scan", "register": "user-plus", "interaction": "chat", "served_no_purchase": "note",
    "tag": "tag", "follow_up": "calendar", "follow_up_done": "check-circle", "retract": "undo", "export": "download",
    "edit": "edit", "consent": "shield-check", "bind": "user-check", "follow_up_cancel": "x-circle",
    "follow_up_reassign": "user-swap", "claim": "receipt", "sale": "bag", "return": "return",
    "issue_invitation": "user-plus", "reissue_card": "card", "issue_coupon": "coupon", "redeem_coupon": "coupon",
    "follow_up_snooze": "clock", "family_date": "users", "wish": "star", "own_tag": "tag", "wish_end": "star",
    "redeem_points": "gift", "sign_up": "users", "sign_off": "users", "attendance": "user-check",
}
_TONES: Final[dict[str, Tone]] = {
    "queued": "warning", "inflight": "accent", "accepted": "success", "merged": "violet", "rejected": "danger",
    "parked": "danger", "quarantined": "warning",
}
_RULES: Final = {
    "same_phone": "rule.same_phone", "already_done": "rule.first_done", "no_visit": "rule.visit_first",
    "forbidden": "rule.role", "already_cancelled": "rule.first_done", "already_moved": "rule.handover",
    "moved_meanwhile": "rule.first_done",
    "claimed": "rule.claim", "sale_taken": "rule.claim", "receipt_known": "rule.receipt",
    "over_return": "rule.over_return", "too_late": "rule.undo", "newer_edit": "rule.newer",
    "coupon_used": "rule.coupon", "coupon_twice": "rule.coupon", "points_short": "rule.points",
    "gathering_full": "rule.seats", "gathering_over": "rule.seats", "gathering_cancelled": "rule.seats",
    "gathering_not_begun": "rule.seats", "waiting_list": "rule.seats",
    "phone_taken": "rule.phone_taken", "protected": "rule.protected",
    "earlier_bind": "rule.earlier_bind",
}
WAITING: Final = frozenset({"queued", "inflight"})


def icon_of(operation: OperationInfo) -> str:
    """The icon of its kind."""
    return _ICONS.get(operation.type, "note")


def tone_of(operation: OperationInfo) -> Tone:
    """The tone of its state."""
    return _TONES.get(operation.state, "neutral")


def what(operation: OperationInfo) -> str:
    """`完成跟进`."""
    return i18n.t(f"op.{operation.type}" if operation.type in OPERATION_TYPES else "op.other")


def what_about(operation: OperationInfo) -> str:
    """`完成跟进，沈知微`, or without a name where this PC knows none."""
    if not operation.member_name:
        return what(operation)
    return i18n.t("op.named", what=what(operation), name=operation.member_name)


def state_word(operation: OperationInfo) -> str:
    """`已存本机`, `已生效`, ...: never "success" alone."""
    key = f"op.state.{operation.state}"
    return i18n.t(key) if i18n.has(key) else operation.state


def name_of(staff_id: object, names: Names) -> str:
    """The name of somebody of the staff, empty if this PC does not know her."""
    return names.get(str(staff_id), NOBODY).pick(i18n.language())


def why(operation: OperationInfo, names: Names, now_ms: int) -> str:
    """Why it was not taken as it was, in one or two sentences; empty for what simply took effect."""
    reason, state = operation.reason or "", operation.state
    params = operation.params
    if state in WAITING or (state == "accepted" and params.get("code") != "refused"):
        return ""
    if params.get("code") == "refused" and state in ("accepted", "merged"):
        return i18n.t("why.code_refused")
    if state == "parked":
        return i18n.t("why.parked_here" if reason == "malformed_batch" else "why.parked")
    if state == "quarantined":
        return i18n.t("why.code_used_elsewhere" if reason == "code_used_elsewhere" else "why.quarantined")
    if state == "merged":
        return _merged(reason, params, names)
    return _refusal(operation, reason, names, now_ms)


def _merged(reason: str, params: Mapping[str, object], names: Names) -> str:
    if reason == "newer_edit":
        fields = params.get("fields")
        given = fields if isinstance(fields, list | tuple) else ()
        words = [i18n.t(f"field.{name}") for name in given if i18n.has(f"field.{name}")]
        return i18n.t("why.newer_edit", fields=i18n.t("list.comma").join(words))
    return _named(reason, params, names) or i18n.t("why.merged")


def _named(cause: str, params: Mapping[str, object], names: Names, time: str = "") -> str:
    """The sentence that names whoever was first, or the one without a name where this PC knows none."""
    name = name_of(params.get("staff_id"), names)
    if not name and i18n.has(f"why.{cause}_unknown"):
        return i18n.t(f"why.{cause}_unknown")
    return i18n.t(f"why.{cause}", name=name, time=time) if i18n.has(f"why.{cause}") else ""


def _refusal(operation: OperationInfo, reason: str, names: Names, now_ms: int) -> str:
    params = operation.params
    cause = str(params.get("why", ""))
    if reason == "forbidden" and cause == "not_her_own":
        return i18n.t("why.not_her_own")
    if reason == "forbidden":
        return i18n.t("why.forbidden", name=name_of(operation.actor_id, names))
    if reason == "not_found":
        key = f"why.not_found_{params.get('what', '')}"
        return i18n.t(key if i18n.has(key) else "why.not_found")
    if reason == "stale_precondition":
        return _stale(params, names, now_ms)
    if reason == "validation" and i18n.has(f"why.{cause}"):
        return i18n.t(f"why.{cause}")
    if reason == "validation":
        return i18n.t("why.validation", field=str(params.get("field", "")))
    if reason == "unknown_type":
        return i18n.t("why.unknown_type")
    if reason == "lost_here":
        return i18n.t("why.lost_here")
    return i18n.t("why.other", code=reason or operation.state)


def _stale(params: Mapping[str, object], names: Names, now_ms: int) -> str:
    cause, at_ms = str(params.get("why", "")), params.get("at_ms")
    if cause == "no_visit":
        minutes = params.get("minutes")
        return i18n.t("why.no_visit", n=minutes if isinstance(minutes, int) else 0)
    if cause == "over_return":
        left = params.get("left")
        return i18n.t("why.over_return", n=left if isinstance(left, int) else 0, line=str(params.get("line", "")))
    if cause == "points_short":
        left = params.get("left")
        return i18n.t("why.points_short", n=left if isinstance(left, int) else 0)
    time = formats.moment_text(at_ms, now_ms) if isinstance(at_ms, int) else ""
    if not time and i18n.has(f"why.{cause}_unknown"):
        return i18n.t(f"why.{cause}_unknown")
    return _named(cause, params, names, time) or i18n.t("why.stale_precondition")


def rule(operation: OperationInfo) -> str:
    """The name of the rule that decided, empty where none was needed."""
    key = _rule_key(operation)
    return i18n.t(key) if key else ""


def rule_help(operation: OperationInfo) -> str:
    """That rule in a paragraph."""
    key = _rule_key(operation)
    return i18n.t(f"{key}_help") if key else ""


def _rule_key(operation: OperationInfo) -> str:
    if operation.state == "quarantined":
        return "rule.manager"
    return _RULES.get(str(operation.params.get("why") or operation.reason or ""), "")
