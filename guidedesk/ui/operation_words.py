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
    "visit": "scan", "register": "user-plus", "interaction": "chat", "served_no_purchase": "note", "tag": "tag",
    "follow_up": "calendar", "follow_up_done": "check-circle", "retract": "undo", "export": "download",
}
_TONES: Final[dict[str, Tone]] = {
    "queued": "warning", "inflight": "accent", "accepted": "success", "merged": "violet", "rejected": "danger",
    "parked": "danger", "quarantined": "warning",
}
_RULES: Final = {
    "same_phone": "rule.same_phone", "already_done": "rule.first_done", "no_visit": "rule.visit_first",
    "forbidden": "rule.role",
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
        return i18n.t("why.quarantined")
    if state == "merged":
        return i18n.t("why.same_phone" if reason == "same_phone" else "why.merged")
    return _refusal(operation, reason, names, now_ms)


def _refusal(operation: OperationInfo, reason: str, names: Names, now_ms: int) -> str:
    params = operation.params
    if reason == "forbidden":
        return i18n.t("why.forbidden", name=name_of(operation.actor_id, names))
    if reason == "not_found":
        key = f"why.not_found_{params.get('what', '')}"
        return i18n.t(key if i18n.has(key) else "why.not_found")
    if reason == "stale_precondition":
        return _stale(params, names, now_ms)
    if reason == "validation":
        return i18n.t("why.validation", field=str(params.get("field", "")))
    if reason == "unknown_type":
        return i18n.t("why.unknown_type")
    return i18n.t("why.other", code=reason or operation.state)


def _stale(params: Mapping[str, object], names: Names, now_ms: int) -> str:
    cause = params.get("why")
    if cause == "already_done":
        name, at_ms = name_of(params.get("staff_id"), names), params.get("at_ms")
        if name and isinstance(at_ms, int):
            return i18n.t("why.already_done", name=name, time=formats.moment_text(at_ms, now_ms))
        return i18n.t("why.already_done_unknown")
    if cause == "no_visit":
        minutes = params.get("minutes")
        return i18n.t("why.no_visit", n=minutes if isinstance(minutes, int) else 0)
    return i18n.t("why.stale_precondition")


def rule(operation: OperationInfo) -> str:
    """The name of the rule that decided, empty where none was needed."""
    cause = str(operation.params.get("why") or operation.reason or "")
    if operation.state == "quarantined":
        return i18n.t("rule.manager")
    return i18n.t(_RULES[cause]) if cause in _RULES else ""
