"""Where a message is written once its words are copied: only https, only hosts that are named here (SECURITY.md S-10).

No address carries anything about a member: what is opened is an empty page of the channel.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

NO_CHANNEL: Final = "none"
HOSTS: Final = frozenset({
    "web.wechat.com", "web.weixin.qq.com", "wx.qq.com", "work.weixin.qq.com", "messages.google.com",
})  # fmt: skip


def is_listed(url: str) -> bool:
    """Whether a counter may open this address: https, a listed host, its usual port, no user, nothing hidden."""
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.username is None and parts.password is None and port in (None, 443)
    return parts.scheme == "https" and is_plain and parts.hostname in HOSTS


def channel_url(setting: str) -> str:
    """The address of a channel as the chain set it; empty where there is none or it is not listed."""
    return setting if is_listed(setting) else ""
