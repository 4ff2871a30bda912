"""Attribution models as documents: who takes part in an order line, and with which weight (COMMISSION.md 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.reading import Doc, DocumentError
from guidedesk.domain.commission.rounding import BP

_SINGLE: Final = ("owner", "seller", "owner_else_seller", "first_touch", "last_touch", "even")
_OF_TOUCHES: Final = frozenset({"first_touch", "last_touch", "even", "weighted"})
_KEYS: Final = {
    "owner_seller": frozenset({"kind", "owner_bp", "seller_bp", "missing"}),
    "weighted": frozenset({"kind", "first_bp", "middle_bp", "last_bp"}),
}


@dataclass(frozen=True, slots=True)
class Model:
    """An attribution model; `weights` are owner/seller, or first/middle/last, in basis points."""

    kind: str
    weights: tuple[int, ...] = ()
    missing: str = "other"

    @property
    def reads_touches(self) -> bool:
        """Whether touches other than the owner's can decide."""
        return self.kind in _OF_TOUCHES


def read_model(doc: Doc, where: str) -> Model:
    """A checked model; owner and seller together may not exceed the whole."""
    kind = reading.choice(doc, "kind", where, (*_SINGLE, *_KEYS))
    reading.only_keys(doc, _KEYS.get(kind, frozenset({"kind"})), where)
    if kind == "owner_seller":
        owner = reading.whole(doc, "owner_bp", where, 0, BP)
        seller = reading.whole(doc, "seller_bp", where, 0, BP)
        if owner + seller > BP:
            raise DocumentError("above_whole", "owner_bp", where, owner + seller)
        return Model(kind, (owner, seller), reading.choice(doc, "missing", where, ("other", "house"), "other"))
    if kind == "weighted":
        return Model(kind, tuple(reading.whole(doc, key, where, 0) for key in ("first_bp", "middle_bp", "last_bp")))
    return Model(kind)
