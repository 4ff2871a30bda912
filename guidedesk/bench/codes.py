"""reading, verifying and drawing codes; a camera frame to its text and to a painted card; cards as they are printed"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guidedesk.bench.camera_view import LINES, MEMBERS, views_to_cards
from guidedesk.bench.data import make_profile
from guidedesk.bench.figures import percentile, timed
from guidedesk.bench.options import add_size, positive
from guidedesk.codes.decoder import decode
from guidedesk.codes.encoder import new_short, short_url
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.codes.picture_reader import read_grey
from guidedesk.codes.render import code_matrix, draw
from guidedesk.codes.signed_record import tail_bytes
from guidedesk.codes.signer import sign_code
from guidedesk.codes.trust import DOMAIN, EPOCH_S, IssuerKey, TrustedKeys, Verifier

COUNT: Final = 2_000
PICTURES: Final = 200
HOST: Final = "gd.example"
KEY_ID: Final = 1
NOW_S: Final = 1_795_000_000
FRAME: Final = (1280, 720)
SHORT: Final = (CodeType.MEMBER, CodeType.ASSOCIATE, CodeType.STORE, CodeType.INVITATION)
SIGNED: Final = (CodeType.MEMBER, CodeType.MEMBER_DYNAMIC, CodeType.COUPON, CodeType.STAFF_BADGE)
DRAWN: Final = 34  # mm
CARDS: Final = 60
VIEWS: Final = 100


class _Seeded:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def bytes(self, count: int) -> bytes:
        return self._rng.randbytes(count)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many codes."""
    parser.add_argument("--codes", type=positive, default=COUNT, metavar="N", help="codes of each form")
    parser.add_argument("--views", type=positive, default=VIEWS, metavar="N", help="codes held before a camera")
    add_size(parser, MEMBERS, LINES)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Everything on codes made from one seed; `holds` is False where one was not read as what it is."""
    profile = make_profile(args.members, args.lines, args.data)
    rng = random.Random(4)
    seed = rng.randbytes(32)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    verifier = Verifier(TrustedKeys({KEY_ID: IssuerKey(KEY_ID, raw, frozenset(SIGNED), 0, 1 << 40)}), NOW_S)
    short = [short_url(HOST, new_short(SHORT[n % 4], _Seeded(rng))) for n in range(args.codes)]
    signed = [short_url(HOST, _signed(seed, SIGNED[n % 4], rng)) for n in range(args.codes)]
    short_s, are_read = _each(short, lambda text: isinstance(decode(text), CodeOk))
    signed_s, are_believed = _each(signed, lambda text: isinstance(decode(text, trust=verifier), CodeOk))
    seal = private.sign(DOMAIN + bytes(25))
    verify_s, _ = _each(signed, lambda _text: public.verify(seal, DOMAIN + bytes(25)) is None)
    pictures = [text for pair in zip(short, signed, strict=True) for text in pair][:PICTURES]
    draw_s, _ = _each(pictures, lambda text: bool(draw(text, "png", mm=DRAWN)))
    frames = [_frame(text) for text in pictures]
    frame_s, are_seen = _frames(frames, pictures)
    view_s, way, are_shown = views_to_cards(profile, args.views, _frame, FRAME, HOST)
    touch_s, _ = _each(pictures, lambda _text: sum(frames[0][::64]) >= 0)
    return {
        "params": {
            "codes": args.codes, "pictures": len(pictures), "frame": "x".join(map(str, FRAME)), "views": args.views,
            "members": args.members, "lines": args.lines, "frames_by": way,
        },
        "figures": {
            "short": _summary(short_s), "signed": _summary(signed_s), "draw": _summary(draw_s),
            "symbols_per_s": _symbols_per_s([*short, *signed]), "frame": _summary(frame_s),
            "view_to_card": _summary(view_s),
            "cards_per_s": _cards_per_s(short[:CARDS]),
        },
        "floor": {"verify": _summary(verify_s), "frame_touched": _summary(touch_s)},
        "ratios": {"signed_over_verify": round(percentile(signed_s, 50) / percentile(verify_s, 50), 2)},
        "holds": are_read and are_believed and are_seen and are_shown,
    }  # fmt: skip


def _signed(seed: bytes, kind: CodeType, rng: random.Random) -> str:
    return sign_code(
        seed, key_id=KEY_ID, kind=kind, handle=rng.randbytes(8), generation=1, expires=NOW_S + 30 - EPOCH_S,
        tail=rng.randbytes(tail_bytes(kind)),
    )  # fmt: skip


def _each(texts: Sequence[str], work: Callable[[str], bool]) -> tuple[list[float], bool]:
    """How long `work` took on each, and whether it said yes to all."""
    taken: list[float] = []
    holds = True
    for text in texts:
        with timed(taken):
            good = work(text)
        holds = holds and good
    return taken, holds


def _cards_per_s(texts: Sequence[str]) -> int:
    """Member cards of two sides, Chinese names on them, each a PDF of its own as the page of codes writes it."""
    import os
    import tempfile
    from pathlib import Path

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from guidedesk.ui.printing.card import CardWords, write_card
    from guidedesk.ui.theme import start_look

    app = QApplication.instance() or QApplication(["guidedesk"])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of application runs here")
    start_look(app, "light", 1.0, "zh_CN")
    words = [
        CardWords(
            brand="松屿 SONGYU", tier="super", name=f"沈知微{number}", number="883000002746",
            joined_at_ms=NOW_S * 1000, store="杭州湖滨店", code=text,
        )
        for number, text in enumerate(texts)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="guidedesk-cards-") as folder:
        write_card(words[0], Path(folder) / "first.pdf")
        started = time.perf_counter()
        for number, one in enumerate(words):
            write_card(one, Path(folder) / f"{number}.pdf")
        return int(len(words) / (time.perf_counter() - started))


def _symbols_per_s(texts: Sequence[str]) -> int:
    started = time.perf_counter()
    for text in texts:
        code_matrix(text)
    return int(len(texts) / (time.perf_counter() - started))


def _frame(text: str) -> bytes:
    """A grey camera picture with the code somewhere near its middle, a module five pixels wide, on a dim table."""
    from PIL import Image

    matrix = code_matrix(text)
    inner = len(matrix.rows)
    cells = Image.frombytes("L", (inner, inner), bytes(20 if cell else 230 for row in matrix.rows for cell in row))
    paper = Image.new("L", (5 * matrix.side, 5 * matrix.side), 230)
    paper.paste(cells.resize((inner * 5, inner * 5), Image.Resampling.NEAREST), (20, 20))
    frame = Image.new("L", FRAME, 90)
    frame.paste(paper.rotate(7, Image.Resampling.BILINEAR, expand=True, fillcolor=90), (480, 190))
    return frame.tobytes()


def _frames(frames: Sequence[bytes], texts: Sequence[str]) -> tuple[list[float], bool]:
    taken: list[float] = []
    holds = True
    for frame, text in zip(frames, texts, strict=True):
        with timed(taken):
            found = read_grey(frame, *FRAME)
        holds = holds and found == (text,)
    return taken, holds


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{p}_ms": round(percentile(seconds, p) * 1000, 4) for p in (50, 95, 99)}
