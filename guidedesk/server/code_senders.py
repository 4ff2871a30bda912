"""How a one-time code reaches a phone: whatever the chain uses, behind one method.

A merchant names a program of her own (`serve --sender-command`): it gets one JSON object on its standard input and
ends with 0 when the message is on its way. The demo's sender writes the code into the server's log instead.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import dataclass
from typing import Final, Protocol, TextIO

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import mask_phone

_PATIENCE_S: Final = 8


class CodeSender(Protocol):
    """Sends a one-time code to a number. Raises `sender_failed` where it could not."""

    def send(self, phone: str, digits: str, language: str) -> None:
        """`phone` in the form +86...; `language` zh_CN or en."""
        ...


@dataclass(frozen=True, slots=True)
class LogSender:
    """For trying out only: the code is read in the server's log, whoever's number it is."""

    stream: TextIO

    def send(self, phone: str, digits: str, language: str) -> None:
        """One line, straight to the log: its handler would hide the code, as it must everywhere else."""
        line = {"event": "verification_code", "to": mask_phone(phone), "code": digits, "lang": language}
        self.stream.write(json.dumps(line, ensure_ascii=True) + "\n")
        self.stream.flush()


@dataclass(frozen=True, slots=True)
class CommandSender:
    """The merchant's own program. No shell reads the line, and nothing a customer typed is in it."""

    command: tuple[str, ...]

    @classmethod
    def of(cls, line: str) -> CommandSender:
        """From the command line; `sender_command_empty` where it names no program."""
        parts = tuple(shlex.split(line))
        if not parts:
            raise Refused("sender_command_empty")
        return cls(parts)

    def send(self, phone: str, digits: str, language: str) -> None:
        """Run it once, for at most eight seconds."""
        told = json.dumps({"phone": phone, "code": digits, "lang": language}).encode()
        try:
            ended = subprocess.run(
                self.command, input=told, capture_output=True, timeout=_PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused("sender_failed", why=type(error).__name__) from error
        if ended.returncode != 0:
            raise Refused("sender_failed", why=f"exit_{ended.returncode}")


@dataclass(frozen=True, slots=True)
class NoSender:
    """Nobody said how; joining online is not offered."""

    def send(self, phone: str, digits: str, language: str) -> None:
        """Always `sender_failed`."""
        raise Refused("sender_failed", why="none")
