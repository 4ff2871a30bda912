"""Articles of the chain by part of their name or number, for somebody who types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, or_, select

from guidedesk.models import sales
from guidedesk.services.read_models import Bilingual

LEAST_TYPED: Final = 2  # characters; one finds everything


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it is offered for choosing."""

    sku: str
    name: Bilingual
    size: str
    colour: Bilingual


def find_articles(conn: Connection, text: str, most: int) -> tuple[Article, ...]:
    """Those whose name has the text in it or whose number begins with it, by name; none for a text too short."""
    wanted = text.strip()
    if len(wanted) < LEAST_TYPED:
        return ()
    p = sales.product.c
    query = (
        select(p.sku, p.name, p.name_en, p.size, p.colour, p.colour_en)
        .where(
            p.deleted_at_ms.is_(None),
            or_(
                p.name.icontains(wanted, autoescape=True),
                p.name_en.icontains(wanted, autoescape=True),
                p.sku.istartswith(wanted, autoescape=True),
            ),
        )
        .order_by(p.name, p.sku)
        .limit(most)
    )
    return tuple(
        Article(r.sku, Bilingual(r.name, r.name_en), r.size or "", Bilingual(r.colour or "", r.colour_en or ""))
        for r in conn.execute(query)
    )
