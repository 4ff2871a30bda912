"""Where the icons, fonts, texts and tokens are, however the program was installed."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def resources_root() -> Path:
    """The folder that holds `tokens.json`, `icons/`, `fonts/` and `i18n/`.

    Looked for in the frozen bundle, beside the package (a checkout), inside the package (a wheel).
    Raises FileNotFoundError naming the places when the installation is damaged.
    """
    package = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)
    places = [package.parent / "resources", package / "_resources"]
    if bundle is not None:
        places.insert(0, Path(bundle) / "resources")
    for place in places:
        if (place / "tokens.json").is_file():
            return place
    raise FileNotFoundError(f"GuideDesk's resources are in none of {[str(place) for place in places]}")


def resource_path(*parts: str) -> Path:
    """The path of one resource: `resource_path("icons", "home.svg")` or `resource_path("icons/home.svg")`."""
    path = resources_root().joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"no resource {'/'.join(parts)}")
    return path
