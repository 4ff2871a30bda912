"""Typed design tokens, read from `resources/tokens.json` (DESIGN-UI.md 15).

Sizes are device-independent pixels at text scale 100 %; `Tokens.px` turns them into pixels of the chosen scale.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Literal

from guidedesk.resources import resource_path

ThemeName = Literal["light", "dark"]
ToneName = Literal["neutral", "accent", "success", "warning", "danger", "info", "violet", "gold"]
Space = Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
TypeName = Literal[
    "display", "hero", "title", "heading", "body", "body_strong", "label", "caption", "code"
]
THEMES: tuple[ThemeName, ...] = ("light", "dark")
TONES: tuple[ToneName, ...] = (
    "neutral", "accent", "success", "warning", "danger", "info", "violet", "gold",
)


@dataclass(frozen=True, slots=True)
class Colours:
    """Every colour of one theme as `#RRGGBB` (`scrim` as `#AARRGGBB`, the order Qt reads)."""

    canvas: str
    surface: str
    surface2: str
    sunken: str
    line: str
    line_strong: str
    control: str
    text: str
    text2: str
    text3: str
    primary: str
    primary_hover: str
    on_primary: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    accent_line: str
    focus: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    info: str
    info_soft: str
    violet: str
    violet_soft: str
    gold: str
    gold_soft: str
    neutral: str
    neutral_soft: str
    chart1: str
    chart2: str
    chart3: str
    chart4: str
    chart5: str
    chart_grid: str
    scrim: str

    def named(self, name: str) -> str:
        """A colour by its name; KeyError for a name that is not a token."""
        if name not in _known_colours():
            raise KeyError(name)
        return str(getattr(self, name))

    def tone(self, tone: ToneName) -> str:
        """The strong colour of a tone, for text and icons."""
        return self.named(tone)

    def soft(self, tone: ToneName) -> str:
        """The tint behind text of that tone."""
        return self.named(f"{tone}_soft")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """All colour names, in the order of the file."""
        return tuple(field.name for field in fields(cls))


@lru_cache(maxsize=1)
def _known_colours() -> frozenset[str]:
    return frozenset(Colours.names())


@dataclass(frozen=True, slots=True)
class TypeStyle:
    """One text style: size and line height in pixels at 100 %, weight as CSS number."""

    px: int
    line: int
    weight: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """All values for one theme at one text scale (1.0 to 2.0). `avatars` are (ground, ink) of picture letters: tints
    of their own, because the tones carry meaning."""

    theme: ThemeName
    scale: float
    colour: Colours
    avatars: tuple[tuple[str, str], ...]
    families: tuple[str, ...]
    mono: tuple[str, ...]
    features: tuple[str, ...]
    types: dict[str, TypeStyle]
    spaces: tuple[int, ...]
    sizes: dict[str, int]
    radii: dict[str, int]
    borders: dict[str, int]
    motion_ms: dict[str, int]
    timing: dict[str, int]
    min_window: tuple[int, int]
    design_window: tuple[int, int]

    def px(self, value: float) -> int:
        """A design value in the pixels of this text scale; lines never vanish."""
        return max(1, round(value * self.scale)) if value > 0 else 0

    def space(self, step: Space) -> int:
        """A gap of the 4 px grid, scaled."""
        return self.px(self.spaces[step])

    def size(self, name: str) -> int:
        """A named size of the file (`topBar`, `row`, `control`), scaled."""
        return self.px(self.sizes[name])

    def radius(self, name: str) -> int:
        """A named corner radius, scaled."""
        return self.px(self.radii[name])

    def type(self, name: TypeName) -> TypeStyle:
        """A text style at 100 %."""
        return self.types[name]


@lru_cache(maxsize=1)
def load_raw() -> dict[str, Any]:
    """The parsed token file."""
    raw: dict[str, Any] = json.loads(resource_path("tokens.json").read_text(encoding="utf-8"))
    return raw


def text_scales() -> tuple[float, ...]:
    """The text scales people may choose (1.0 = 100 %)."""
    return tuple(float(value) for value in load_raw()["textScale"])


@lru_cache(maxsize=16)
def load_tokens(theme: ThemeName, scale: float = 1.0, *, strong: bool = False) -> Tokens:
    """Compile the tokens for a theme and text scale; `strong` for people whose system asks for high contrast."""
    raw = load_raw()
    sizes = {key: value for key, value in raw["size"].items() if isinstance(value, int)}
    spaces = raw["space"]
    return Tokens(
        theme=theme,
        scale=scale,
        colour=_strong(_colours(raw["colour"][theme])) if strong else _colours(raw["colour"][theme]),
        avatars=tuple((ground, ink) for ground, ink in raw["avatar"][theme]),
        families=tuple(raw["font"]["families"]),
        mono=tuple(raw["font"]["mono"]),
        features=tuple(raw["font"]["features"]),
        types={
            _snake(key): TypeStyle(value["px"], value["line"], value["weight"])
            for key, value in raw["type"].items()
        },
        spaces=tuple(spaces[str(step)] for step in range(len(spaces))),
        sizes=sizes,
        radii=dict(raw["radius"]),
        borders=dict(raw["border"]),
        motion_ms={key: value for key, value in raw["motion"].items() if isinstance(value, int)},
        timing={key: value for key, value in raw["timing"].items() if isinstance(value, int)},
        min_window=(raw["size"]["minWindow"][0], raw["size"]["minWindow"][1]),
        design_window=(raw["size"]["designWindow"][0], raw["size"]["designWindow"][1]),
    )


def semantic_tone(meaning: str) -> ToneName:
    """The tone of a meaning (`provisional`, `tierSuper`, `offline`); KeyError if it has none."""
    tone: ToneName = load_raw()["semantic"][meaning]
    return tone


def _strong(colour: Colours) -> Colours:
    """High contrast: no greys. All words in the text colour, all lines as dark as words, no tinted grounds."""
    ink, ground = colour.text, colour.surface
    lines = dict.fromkeys(("line", "line_strong", "control", "chart_grid"), ink)
    words = dict.fromkeys(("text2", "text3", "neutral"), ink)
    grounds = dict.fromkeys(("canvas", "surface2", *(f"{tone}_soft" for tone in TONES if tone != "accent")), ground)
    return replace(colour, **lines, **words, **grounds, accent_line=colour.accent)


def _colours(raw: dict[str, str]) -> Colours:
    return Colours(**{_snake(name): _qt_hex(value) for name, value in raw.items()})


def _qt_hex(value: str) -> str:
    # The file writes RRGGBBAA; QColor and QSS read AARRGGBB.
    return f"#{value[7:9]}{value[1:7]}" if len(value) == 9 else value


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found.group(1).lower(), name)
