"""Settings of one counter PC: each declared once with type, default and meaning; read and checked at start."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_type_hints

from guidedesk.domain.errors import GuideDeskError

FILE_NAME: Final = "settings.json"
Language = Literal["zh_CN", "en"]
Switch = Literal["off", "on"]
Theme = Literal["light", "dark", "system"]


def _number(default: int, low: int, high: int, text: str) -> Any:
    return field(default=default, metadata={"range": (low, high), "text": text})


def _choice(default: str, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set on this PC; the chain's own settings come from head office."""

    language: Language = _choice("zh_CN", "language of the window")
    theme: Theme = _choice("light", "light, dark, or as the system")
    text_scale: int = _number(100, 100, 200, "text size in percent: 100, 115, 130, 150 or 200")
    lock_after_s: int = _number(120, 60, 600, "seconds without a key until the counter locks")
    scanner_prefix: str = field(default="~", metadata={"text": "character the scanner sends first, if it can"})
    scanner_gap_ms: int = _number(35, 5, 80, "longest median gap between keys of a scan, in milliseconds")
    scanner_port: str = field(default="", metadata={"text": "serial port of a scanner that types nothing; empty: none"})
    scanner_sound: Switch = _choice("on", "a tick for a scan that opened a card, two for one that did not")
    scanner_camera: Switch = _choice("off", "whether this PC's camera reads codes (needs the extra `camera`)")
    scanner_silence_ms: int = _number(80, 40, 300, "silence that ends a scan, in milliseconds")


TEXT_SCALES: Final = (100, 115, 130, 150, 200)


def load_settings(folder: Path) -> Settings:
    """The settings of a profile folder; a missing file means defaults, a bad value is refused by name."""
    path = folder / FILE_NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise GuideDeskError("settings_unreadable", file=FILE_NAME) from error
    if not isinstance(raw, dict):
        raise GuideDeskError("settings_unreadable", file=FILE_NAME)
    return check(raw)


def check(raw: dict[str, Any]) -> Settings:
    """Settings from values of outside; unknown names are left out, so that an older program may read the file."""
    hints = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for item in fields(Settings):
        if item.name not in raw:
            continue
        value, kind = raw[item.name], hints[item.name]
        choices = get_args(kind)
        low, high = item.metadata.get("range", (0, 0))
        good = (
            value in choices
            if choices
            else isinstance(value, kind) and not isinstance(value, bool) and (not high or low <= value <= high)
        )
        if not good or (item.name == "text_scale" and value not in TEXT_SCALES):
            raise GuideDeskError("setting_invalid", name=item.name, value=str(value)[:40])
        values[item.name] = value
    return Settings(**values)


def save_settings(folder: Path, settings: Settings) -> None:
    """Keep settings; the file is replaced in one step."""
    path = folder / FILE_NAME
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(settings), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(fresh, path)


def change(settings: Settings, **values: Any) -> Settings:
    """Settings with some values changed, checked like those of a file."""
    return check(asdict(replace(settings, **values)))
