"""What a tour did, expected and saw: one PNG a step, `tour.md` for people, `tour.json` for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `seen` was read through another way than the one that did it, named by `seen_in`."""

    step: str
    did: str
    expected: str
    seen: str
    seen_in: str
    ok: bool
    png: str


def write_report(folder: Path, title: str, steps: list[Step]) -> None:
    """Write both reports beside the pictures."""
    document = [asdict(step) for step in steps]
    (folder / "tour.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    lines = [f"# {title}", "", f"{sum(s.ok for s in steps)} of {len(steps)} steps as expected.", ""]
    for number, step in enumerate(steps, 1):
        lines += [
            f"## {number}. {step.step}: {'as expected' if step.ok else 'NOT AS EXPECTED'}",
            "",
            f"- Did: {step.did}",
            f"- Expected: {step.expected}",
            f"- Seen: {step.seen}",
            f"- Seen in: {step.seen_in}",
            "",
            f"![{step.step}]({step.png})",
            "",
        ]
    (folder / "tour.md").write_text("\n".join(lines), encoding="utf-8")
