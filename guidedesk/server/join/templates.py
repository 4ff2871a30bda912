"""HTML from the files in `resources/templates/join`; whatever is put in is escaped (SECURITY.md S-9 in spirit).

Styles and script stand inside the page, so that it is one request; the policy header names their hashes and
forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from mako.lookup import TemplateLookup  # type: ignore[import-untyped]

from guidedesk.resources import resource_path

_FOLDER: Final = ("templates", "join")


@cache
def _lookup() -> Any:
    folder = str(resource_path(*_FOLDER))
    return TemplateLookup([folder], default_filters=["h"], strict_undefined=True, input_encoding="utf-8")


@cache
def part(name: str) -> str:
    """A style sheet or script as it stands in the page."""
    return resource_path(*_FOLDER, name).read_text(encoding="utf-8")


def render(name: str, values: Mapping[str, Any], script: str | None = None) -> tuple[bytes, dict[str, str]]:
    """A page and the headers it goes with."""
    css = part("join.css")
    code = part(script) if script else ""
    html: str = _lookup().get_template(name).render_unicode(**values, css=css, script=code)
    return html.encode(), page_headers(css, code)


@cache
def page_headers(css: str, script: str) -> dict[str, str]:
    """Nothing but this page's own style and script runs, nobody frames it, nobody is told where it was."""
    script_source = f"'sha256-{_hash(script)}'" if script else "'none'"
    policy = (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
        f"style-src 'sha256-{_hash(css)}'; script-src {script_source}"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Language",
    }


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
