"""Pages for customers' phones (CODES.md Q-2, Q-9): no account, no signature, thirty a minute from one address."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final

from guidedesk.domain.errors import GuideDeskError
from guidedesk.server.context import ServerContext
from guidedesk.server.join import form_flow, own_flow, pages
from guidedesk.server.join.asked import Asked, read_form
from guidedesk.server.routing import Answered, Call, Policy, Route

_PAGE: Final = Policy("page", is_open=True)
Page = Callable[[ServerContext, Asked], Answered]


def routes() -> list[Route]:
    """Codes carry `/Q/`, people and mini programs type `/q/`."""
    found = [
        _route("GET", "/q/terms", lambda context, asked: _text(context, asked, "terms")),
        _route("GET", "/q/privacy", lambda context, asked: _text(context, asked, "privacy")),
        _route("GET", "/q/me", own_flow.open_card),
        _route("POST", "/q/me", own_flow.submit),
    ]
    for start in ("/Q/", "/q/"):
        found += [_route("GET", start + "{digits}", form_flow.open_code)]
        found += [_route("POST", start + "{digits}", form_flow.submit)]
    return found


def _route(method: str, path: str, page: Page) -> Route:
    if method == "GET":
        return Route("GET", path, _PAGE, lambda call: page(call.context, _asked(call)), _failed)
    return Route("POST", path, _PAGE, lambda call: page(call.context, _asked(call, is_form=True)), _failed)


def _text(context: ServerContext, asked: Asked, which: str) -> Answered:
    return pages.text_page(form_flow.house_of(context, asked), which)


def _asked(call: Call, *, is_form: bool = False) -> Asked:
    request = call.request
    query, headers = request.query_params, request.headers
    return Asked(
        client=request.client.host if request.client else "",
        accepted=headers.get("accept-language", ""),
        is_secure=request.url.scheme == "https",
        cookie=_cookie(headers.get("cookie", "")),
        digits=str(request.path_params.get("digits", ""))[:600],
        channel=query.get("c", "")[:1],
        lang=query.get("lang", "")[:8],
        hello=query.get("hello", "")[:8],
        fields=read_form(call.body, headers.get("content-type", "")) if is_form else {},
    )


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header[:4_000]).get(form_flow.COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _failed(call: Call, error: GuideDeskError) -> Answered:
    """A page for a refusal, never a line of JSON: a customer is looking."""
    asked = _asked(call)
    if error.code in ("rate_limited", "server_busy") and "seconds" in error.params:
        # Ten thousand of these must not cost the database anything.
        return pages.slow_page(pages.House(pages.language_of(asked.lang, asked.accepted), "", 0), error)
    house = form_flow.house_of(call.context, asked)
    return pages.over_page(house) if error.code == "form_invalid" else pages.notice(house, "join.slow", status=503)
