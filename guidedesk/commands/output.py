"""How commands answer: sentences for people, one JSON document for programs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import i18n, messages


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action did: the operation it recorded, its state, kinds of rows touched, or the refusal."""

    op_id: str | None = None
    state: str | None = None
    changes: list[str] = field(default_factory=list)
    error: GuideDeskError | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def print_answer(answer: Answer, args: argparse.Namespace) -> int:
    """Print in the form asked for; 1 when refused."""
    i18n.use_language(args.lang)
    error = None
    if answer.error is not None:
        message = messages.message_for(answer.error)
        error = {"code": answer.error.code, "params": answer.error.params, "text": message.text}
    if args.json:
        document = {"op_id": answer.op_id, "state": answer.state, "changes": answer.changes, "error": error}
        sys.stdout.write(json.dumps(document | answer.extra, ensure_ascii=False, indent=1, default=str) + "\n")
    elif error is not None:
        sys.stderr.write(f"{error['text']}\n")
    else:
        shown = {"state": answer.state, "op_id": answer.op_id} | answer.extra
        for name, value in shown.items():
            if value is not None:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
                sys.stdout.write(f"{name}: {text}\n")
    if answer.error is not None and answer.error.code == "usage":
        return 2
    return 0 if error is None else 1


def has_display() -> bool:
    """Whether a window can be shown: Qt ends the whole process where it finds no screen."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def read_pin() -> str:
    """The PIN from standard input, so that it is in no history and no process list."""
    return sys.stdin.readline().strip()
