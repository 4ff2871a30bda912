"""The command line: one parser, one module a command (COMMANDS.md)."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

from guidedesk import __version__
from guidedesk.domain.errors import GuideDeskError

# name -> module in guidedesk.commands; imported only when asked for, so that a counter starts quickly.
COMMANDS: Final = {
    "demo": ("demo", "central server + sample chain + a counter window, in one go"),
    "run": ("run", "the counter app"),
    "counter": ("counter", "the counter's actions without a window, for scripts and support"),
    "serve": ("serve", "the central server"),
    "admin": ("admin", "set up a chain: schema, stores, staff, devices"),
    "import": ("import_data", "bring purchases and people in"),
    "code": ("code", "look at member codes"),
    "commission": ("commission", "evaluate commission plans over events"),
    "sync-check": ("sync_check", "compare this counter's rows with the server's"),
    "screenshot": ("screenshot", "draw one screen with made-up data"),
    "doctor": ("doctor", "what this PC has and lacks"),
    "bench": ("bench", "measure the product on this PC, with floors"),
}


class Parser(argparse.ArgumentParser):
    """Wrong use is one line that says what to write instead, exit code 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Print one line and exit 2."""
        self.exit(2, f"{self.prog}: {message}. Try '{self.prog} --help'.\n")


def build_parser(only: str | None) -> Parser:
    """The parser with one command's options (or every command's name for the overview)."""
    parser = Parser(prog="guidedesk", description="Member codes, purchase history and fair commission at the counter.")
    parser.add_argument("--version", action="version", version=f"guidedesk {__version__}")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, (module_name, text) in COMMANDS.items():
        if name == only:
            importlib.import_module(f"guidedesk.commands.{module_name}").add_parser(sub)
        else:
            sub.add_parser(name, help=text, add_help=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    named = next((word for word in arguments if not word.startswith("-")), None)
    parser = build_parser(named if named in COMMANDS else None)
    options = parser.parse_args(arguments)
    if getattr(options, "run", None) is None:
        parser.print_help()
        return 2
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        _quiet_broken_pipe()
        return 1
    except GuideDeskError as error:
        return _tell(error, options)
    except OSError as error:
        file, why = str(error.filename or "-"), error.strerror or ""
        return _tell(GuideDeskError("file_unusable", file=file, why=why), options)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Everything that was reported as saved is saved.\n")
        return 1
    except Exception as error:
        # The last resort: people get a sentence, support the place; a traceback would quote data.
        return _tell(GuideDeskError("command_failed", kind=type(error).__name__, place=_place(error)), options)
    return code


def _tell(error: GuideDeskError, options: argparse.Namespace) -> int:
    from guidedesk.ui import i18n, messages

    i18n.use_language(getattr(options, "lang", None) or "en")
    sys.stderr.write(messages.message_for(error).text + "\n")
    return 1


def _place(error: Exception) -> str:
    """Our own line that was running, such as "counter.py:61"."""
    steps = traceback.extract_tb(error.__traceback__)
    ours = [step for step in steps if step.filename.startswith(os.path.dirname(__file__))]
    return f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}"


def _quiet_broken_pipe() -> None:
    """Whoever read our output has left: nothing more is written, at the end of the program neither.

    The signal itself stays ignored: its default would end a server when a client hangs up.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
