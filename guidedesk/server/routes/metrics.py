"""Metrics for whoever runs the server: on its own machine, or with the token that comes from its secrets."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final

from guidedesk.domain.errors import Refused
from guidedesk.server.metrics import CONTENT_TYPE
from guidedesk.server.routing import Answered, Call, Policy, Route

_BEARER: Final = "Bearer "
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


def routes() -> list[Route]:
    """Open to nobody else: anybody without the token gets the answer of a path that is not there."""
    return [Route("GET", "/metrics", Policy("health", is_open=True), _metrics)]


def _metrics(call: Call) -> Answered:
    if not (_is_here(call) or _has_token(call)):
        raise Refused("not_found", what="page")
    text = call.context.metrics.text(call.context.database, call.context.heads.count())
    return Answered(200, headers={"Content-Type": CONTENT_TYPE}, raw=text.encode())


def _is_here(call: Call) -> bool:
    """Asked from this machine, and not by a proxy on it for somebody else."""
    client = call.request.client
    if client is None or any(name in call.request.headers for name in _PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(client.host).is_loopback
    except ValueError:
        return False


def _has_token(call: Call) -> bool:
    given = call.request.headers.get("authorization", "")
    wanted = _BEARER + call.context.secrets.metrics_token()
    return hmac.compare_digest(given.encode(), wanted.encode())
