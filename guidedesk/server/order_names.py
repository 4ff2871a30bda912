"""The chain's stores, staff and articles by what other programs call them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.people import staff, store
from guidedesk.models.sales import product
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks


class Article(NamedTuple):
    """What an article is called."""

    name: str = ""
    name_en: str = ""
    category: str = ""
    category_en: str = ""
    colour_en: str = ""


NO_ARTICLE = Article()


@dataclass(frozen=True, slots=True)
class Names:
    """Look-ups that say no by name. `articles` by article number."""

    stores: Mapping[str, str]
    staff: Mapping[str, str]
    articles: Mapping[str, Article]

    def store(self, text: str) -> str | None:
        """A store's id by its code, name or id; None for no text, `row_store_unknown`."""
        return _known(self.stores, text, "row_store_unknown")

    def associate(self, text: str) -> str | None:
        """A person's id by staff number or id; None for no text, `row_associate_unknown`."""
        return _known(self.staff, text, "row_associate_unknown")


def _known(names: Mapping[str, str], text: str, code: str) -> str | None:
    if not text:
        return None
    found = names.get(text.casefold())
    if found is None:
        raise Refused(code, text=text[:40])
    return found


def read_names(database: ServerDatabase, skus: Collection[str] | None = None) -> Names:
    """Every store and everybody of staff; articles with these numbers, or all of them."""
    chain_id = database.chain_id()
    with database.read() as conn:
        return Names(_stores(conn, chain_id), _staff(conn, chain_id), _articles(conn, chain_id, skus))


def _stores(conn: Connection, chain_id: str) -> dict[str, str]:
    s = store.c
    found: dict[str, str] = {}
    rows = conn.execute(select(s.id, s.code, s.name, s.name_en).where(s.scope_id == chain_id)).all()
    # A code counts before a name: two stores may have one name.
    for name in ("name_en", "name", "code", "id"):
        found |= {getattr(row, name).casefold(): row.id for row in rows}
    return found


def _staff(conn: Connection, chain_id: str) -> dict[str, str]:
    s = staff.c
    rows = conn.execute(select(s.id, s.number).where(s.scope_id == chain_id)).all()
    return {row.number.casefold(): row.id for row in rows} | {row.id: row.id for row in rows}


def _articles(conn: Connection, chain_id: str, skus: Collection[str] | None) -> dict[str, Article]:
    p = product.c
    columns = (p.sku, p.name, p.name_en, p.category, p.category_en, p.colour_en)
    query = select(*columns).where(p.scope_id == chain_id, p.deleted_at_ms.is_(None))
    portions = [query] if skus is None else [query.where(among(conn, p.sku, some)) for some in chunks(sorted(skus))]
    return {
        row.sku: Article(row.name, row.name_en, row.category, row.category_en, row.colour_en or "")
        for some in portions
        for row in conn.execute(some)
    }
