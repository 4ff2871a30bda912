"""`guidedesk code`: what a text is, as the counter's decoder sees it; signing and drawing codes."""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
import time
from pathlib import Path
from typing import Any, Final, get_args

from guidedesk.codes.forms import CodeType, TrustList
from guidedesk.codes.inspect import inspect_payload
from guidedesk.domain.errors import GuideDeskError

_SIGNED: Final = (CodeType.MEMBER, CodeType.MEMBER_DYNAMIC, CodeType.COUPON, CodeType.STAFF_BADGE)
_THREE_YEARS_S: Final = 3 * 365 * 86_400
_DYNAMIC_S: Final = 60


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `code`."""
    parser = sub.add_parser("code", help="look at codes, sign them, draw them")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    inspect = actions.add_parser(
        "inspect",
        help="say what each text is, or why it is refused",
        epilog="example: guidedesk code inspect --json 1234567890123456789012",
    )
    inspect.add_argument("texts", nargs="*", metavar="TEXT")
    inspect.add_argument("--stdin", action="store_true", help="read base64, one payload a line")
    inspect.add_argument("--typed", action="store_true", help="as typed in search, where 12-digit card numbers count")
    inspect.add_argument("--json", action="store_true", help="one JSON document")
    inspect.add_argument("--trust", type=Path, metavar="FILE", help="the issuers' public keys and what was revoked")
    inspect.add_argument("--now", metavar="ISO", help="the moment to judge at; this PC's clock when left out")
    inspect.set_defaults(run=run)
    _add_sign(actions)
    render = actions.add_parser(
        "render",
        help="draw a code",
        epilog="example: guidedesk code render HTTPS://GD.EXAMPLE/Q/1012345678901234567837 --out card.png",
    )
    render.add_argument("text", metavar="TEXT")
    render.add_argument("--out", type=Path, required=True, metavar="FILE.png|.svg|.pdf")
    render.add_argument("--mm", type=int, default=30, metavar="N", help="width of the picture (default 30)")
    render.add_argument("--dpi", type=int, default=203, metavar="N", help="dots an inch of the printer (default 203)")
    render.set_defaults(run=draw_code)


def _add_sign(actions: argparse._SubParsersAction[Any]) -> None:
    sign = actions.add_parser(
        "sign",
        help="issue a signed code, for tests and merchants with keys of their own",
        epilog="example: guidedesk code sign --key-hex SEED --key-id 1 --type member --handle 0011223344556677",
    )
    sign.add_argument("--key-hex", required=True, metavar="SEED", help="the 32-byte private seed in hex")
    sign.add_argument("--key-id", required=True, type=int, metavar="N")
    sign.add_argument("--type", required=True, choices=[kind.value for kind in _SIGNED])
    sign.add_argument("--handle", required=True, metavar="HEX", help="8 random bytes in hex")
    sign.add_argument("--generation", type=int, default=0, metavar="N")
    sign.add_argument("--expires", metavar="ISO", help="three years from now, a minute for member_dynamic")
    sign.add_argument("--tail", default="", metavar="HEX", help="what the type adds to the record")
    sign.add_argument("--host", metavar="H", help="with it the text is a URL")
    sign.set_defaults(run=sign_text)


def run(args: argparse.Namespace) -> int:
    """One result per text, in order; 0 when every text could be looked at."""
    payloads: list[str | bytes] = list(args.texts)
    if args.stdin:
        for number, line in enumerate(sys.stdin, 1):
            try:
                payloads.append(base64.b64decode(line.strip(), validate=True))
            except (binascii.Error, ValueError):
                sys.stderr.write(f"guidedesk code inspect: line {number} is not base64.\n")
                return 2
    if not payloads and not args.stdin:
        sys.stderr.write("guidedesk code inspect: give at least one TEXT, or --stdin.\n")
        return 2
    try:
        trust = _verifier(args.trust, args.now)
    except GuideDeskError as error:
        return _wrong_use(error)
    results = [inspect_payload(payload, args.typed, trust) for payload in payloads]
    if args.json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    else:
        for result in results:
            answer = f"{result['form']} {result['type']}" if result["ok"] else f"refused: {result['reason']}"
            sys.stdout.write(f"{result['text'] or result.get('base64')}\t{answer}\n")
    return 0


def sign_text(args: argparse.Namespace) -> int:
    """Print the code text."""
    from guidedesk.codes.encoder import short_url
    from guidedesk.codes.signer import sign_code
    from guidedesk.codes.trust import EPOCH_S

    kind = CodeType(args.type)
    life = _DYNAMIC_S if kind is CodeType.MEMBER_DYNAMIC else _THREE_YEARS_S
    try:
        expires = int(time.time()) + life if args.expires is None else _moment(args.expires, "expires")
        digits = sign_code(
            _bytes(args.key_hex, "key_hex"), key_id=args.key_id, kind=kind, handle=_bytes(args.handle, "handle"),
            generation=args.generation, expires=expires - EPOCH_S, tail=_bytes(args.tail, "tail"),
        )  # fmt: skip
        text = short_url(args.host, digits) if args.host else digits
    except GuideDeskError as error:
        return _wrong_use(error)
    sys.stdout.write(text + "\n")
    return 0


def draw_code(args: argparse.Namespace) -> int:
    """Write the picture."""
    from guidedesk.codes.render import PictureKind, draw

    kind = args.out.suffix.lower().removeprefix(".")
    if kind not in get_args(PictureKind):
        sys.stderr.write("guidedesk code render: --out must end in .png, .svg or .pdf.\n")
        return 2
    try:
        picture = draw(args.text, kind, mm=args.mm, dpi=args.dpi)
    except GuideDeskError as error:
        return _wrong_use(error)
    args.out.write_bytes(picture)
    sys.stdout.write(f"Drawn: {args.out}\n")
    return 0


def _verifier(file: Path | None, now: str | None) -> TrustList | None:
    if file is None:
        return None
    from guidedesk.codes.trust import Verifier
    from guidedesk.codes.trust_file import read_trust

    moment = int(time.time()) if now is None else _moment(now, "now")
    try:
        return Verifier(read_trust(file.read_text(encoding="utf-8")), moment)
    except UnicodeDecodeError as error:
        raise GuideDeskError("bad_trust_list", where="UTF-8") from error


def _wrong_use(error: GuideDeskError) -> int:
    from guidedesk.ui import i18n, messages

    i18n.use_language("en")
    sys.stderr.write(messages.message_for(error).text + "\n")
    return 2


def _moment(text: str, field: str) -> int:
    from guidedesk.codes.trust_file import seconds_of

    try:
        return seconds_of(text)
    except (ValueError, OverflowError) as error:
        raise GuideDeskError("bad_code_field", field=field) from error


def _bytes(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise GuideDeskError("bad_code_field", field=field) from error
