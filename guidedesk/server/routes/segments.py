"""Audiences and the tasks handed out for them: for managers at a counter of the store (DESIGN-UI.md 5.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from guidedesk.domain.contact_limits import CONTACT_CHANNELS
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.segments import Audience, read_audience
from guidedesk.server.outreach import (
    Wanted,
    outreaches_of,
    preview_outreach,
    recall_outreach,
    send_outreach,
)
from guidedesk.server.routes.commission import answer, signed_in, text_of
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.segment_lists import list_audience
from guidedesk.server.segments import (
    PERMISSION,
    count_audience,
    groups_of,
    put_member,
    read_board,
    remove_segment,
    save_segment,
)
from guidedesk.services.segments import SEGMENT_KINDS

_NAME_LIMIT: Final = 200
_TEMPLATE_LIMIT: Final = 1_000
_MOST_CAP: Final = 100
_LANGS: Final = ("zh_CN", "en")
_SENT: Final = {"staff_id", "segment_id", "channel", "due_date", "template", "cap_week", "lang"}


def routes() -> list[Route]:
    """Who is meant is in the body, so in no log."""
    policy = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/segments/board", policy, _board),
        Route("POST", "/v1/segments/count", policy, _count),
        Route("POST", "/v1/segments/members", policy, _members),
        Route("POST", "/v1/segments/save", policy, _save),
        Route("POST", "/v1/segments/remove", policy, _remove),
        Route("POST", "/v1/segments/groups", policy, _groups),
        Route("POST", "/v1/segments/put", policy, _put),
        Route("POST", "/v1/segments/preview", policy, _preview),
        Route("POST", "/v1/segments/send", policy, _send),
        Route("POST", "/v1/segments/recall", policy, _recall),
    ]


def _board(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id"}, PERMISSION)
    return answer(read_board(call.context, call.who.scope_id, actor))


def _count(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "segment_id", "audience", "channel", "cap_week"}, PERMISSION)
    asked, scope_id = call.json, call.who.scope_id
    segment_id = None if asked["segment_id"] is None else _id(asked["segment_id"])
    audience = None if asked["audience"] is None else read_audience(asked["audience"])
    if audience is None and segment_id is None:
        raise Refused("validation", field="audience", why="missing")
    sent = () if segment_id is None else outreaches_of(call.context, scope_id, segment_id)
    return answer(
        count_audience(
            call.context, scope_id, actor, audience=audience, segment_id=segment_id,
            channel=_channel(asked["channel"]), cap_week=_cap(asked["cap_week"]), outreaches=sent,
        )
    )  # fmt: skip


def _members(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "segment_id", "audience"}, PERMISSION)
    asked = call.json
    segment_id = None if asked["segment_id"] is None else _id(asked["segment_id"])
    audience = None if asked["audience"] is None else read_audience(asked["audience"])
    if audience is None and segment_id is None:
        raise Refused("validation", field="audience", why="missing")
    return answer(
        list_audience(call.context, call.who.scope_id, actor, audience=audience, segment_id=segment_id)
    )


def _save(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "segment_id", "version", "name", "kind", "audience"}, PERMISSION)
    asked = call.json
    kind = next((each for each in SEGMENT_KINDS if each == asked["kind"]), None)
    if kind is None or type(asked["version"]) is not int or asked["version"] < 0:
        raise Refused("validation", field="segment", why="bad_value")
    audience: Audience | None = None
    if kind == "dynamic":
        audience = read_audience(asked["audience"])
    elif asked["audience"] is not None:
        raise Refused("validation", field="audience", why="by_hand")
    return answer(
        save_segment(
            call.context, call.who.scope_id, actor, segment_id=_id(asked["segment_id"]), version=asked["version"],
            name=text_of(asked["name"], _NAME_LIMIT), kind=kind, audience=audience,
        )
    )  # fmt: skip


def _remove(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "segment_id"}, PERMISSION)
    remove_segment(call.context, call.who.scope_id, actor, _id(call.json["segment_id"]))
    return {}


def _groups(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "member_id"}, PERMISSION)
    return {"in": groups_of(call.context, call.who.scope_id, actor, _id(call.json["member_id"]))}


def _put(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "segment_id", "member_id", "is_in"}, PERMISSION)
    asked = call.json
    if type(asked["is_in"]) is not bool:
        raise Refused("validation", field="is_in", why="bad_value")
    segment_id, member_id = _id(asked["segment_id"]), _id(asked["member_id"])
    return answer(put_member(call.context, call.who.scope_id, actor, segment_id, member_id, is_in=asked["is_in"]))


def _preview(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, _SENT, PERMISSION)
    return answer(preview_outreach(call.context, call.who.scope_id, actor, _wanted(call)))


def _send(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, _SENT | {"outreach_id"}, PERMISSION)
    outreach_id = _id(call.json["outreach_id"])
    return answer(send_outreach(call.context, call.who.scope_id, actor, outreach_id, _wanted(call)))


def _recall(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "outreach_id"}, PERMISSION)
    return answer(recall_outreach(call.context, call.who.scope_id, actor, _id(call.json["outreach_id"])))


def _wanted(call: Call) -> Wanted:
    asked = call.json
    cap = _cap(asked["cap_week"])
    if asked["lang"] not in _LANGS or cap is None or not isinstance(asked["due_date"], str):
        raise Refused("validation", field="outreach", why="bad_value")
    return Wanted(
        segment_id=_id(asked["segment_id"]), channel=_channel(asked["channel"]), due_date=asked["due_date"][:10],
        template=text_of(asked["template"], _TEMPLATE_LIMIT), cap_week=cap, lang=asked["lang"],
    )  # fmt: skip


def _id(value: Any) -> str:
    if not is_id(value):
        raise Refused("validation", field="id", why="bad_value")
    return str(value)


def _channel(value: Any) -> Literal["wechat", "sms", "phone"]:
    channel = next((each for each in CONTACT_CHANNELS if each == value), None)
    if channel is None:
        raise Refused("validation", field="channel", why="bad_value")
    return channel


def _cap(value: Any) -> int | None:
    if value is not None and not (type(value) is int and 0 <= value <= _MOST_CAP):
        raise Refused("validation", field="cap_week", why="bad_value")
    return value
