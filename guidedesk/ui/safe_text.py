"""Text from people and codes, made safe to show (SECURITY.md S-11). No Qt."""

from __future__ import annotations

import html
import unicodedata
from typing import Final

LINE_LIMIT: Final = 64
NAME_LIMIT: Final = 60


def untrusted(text: str, limit: int = LINE_LIMIT) -> str:
    """Text from people or codes, safe to show: control and bidi characters visible, cut with … (SECURITY.md S-11)."""
    normal = unicodedata.normalize("NFC", text)
    cut = normal[: limit + 1]
    # What Python calls printable holds none of the characters to be made visible, and nearly everything is.
    shown = cut if cut.isprintable() else "".join(_visible(char) for char in cut)
    return f"{shown[:limit]}…" if len(shown) > limit else shown


def person_name(text: str) -> str:
    """A person's name as shown anywhere: NFC, at most 60 characters (SECURITY.md S-11)."""
    return untrusted(text.strip(), NAME_LIMIT)


def _visible(char: str) -> str:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return f"⟨{ord(char):04X}⟩" if hidden else char


def tip_text(text: str) -> str:
    """A tool tip that can only ever be plain text (SECURITY.md S-9: Qt guesses HTML in tool tips)."""
    is_plain = not set(text) & set("<>&")
    return text if is_plain else f"<qt>{html.escape(text)}</qt>"
