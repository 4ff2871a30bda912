"""Who may see which Team board, and the answers: the boards of a store and of an area, and the list behind a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.tiers import tier_rules
from guidedesk.domain.time import local_date
from guidedesk.models.people import staff, store
from guidedesk.server.database import ServerDatabase
from guidedesk.server.settings import read_settings
from guidedesk.server.team_board import Staff, board_of, facts_of, store_line
from guidedesk.server.team_days import Rules
from guidedesk.server.team_fold import fold_team
from guidedesk.server.team_lists import Wanted, list_behind
from guidedesk.server.team_moves import merges_in, scopes_of
from guidedesk.services.read_models import Bilingual
from guidedesk.services.team import TeamBoard, TeamList, TeamPerson

_SELL = frozenset({"associate"})


def team_actor(conn: Connection, chain_id: str, actor: Actor) -> Actor:
    """Whoever asks, with all stores she answers for: an area manager has every store of the chain."""
    if actor.role != "area_manager":
        return actor
    return Actor(actor.id, actor.role, frozenset(_stores(conn, chain_id)) | actor.scope_ids, actor.is_active)


def read_board(database: ServerDatabase, actor: Actor, store_id: str | None, now_ms: int) -> TeamBoard:
    """The board of a store, or (None) of all stores she answers for, with each of them beside it.

    `not_found` for a store that is not hers, that does not exist, and for whoever sees no board: nobody learns which.
    """
    fold_team(database, now_ms)
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        names = _stores(conn, chain_id)
        wanted = _allowed(team_actor(conn, chain_id, actor), names, store_id)
        settings = read_settings(conn, chain_id)
        rules = _rules(conn, settings)
        today = local_date(now_ms, rules.zone)
        facts = facts_of(conn, wanted, rules, now_ms, today, int(settings["team_month_target"]))
        people = _people(conn, chain_id)
        name = names[wanted[0]] if store_id is not None else Bilingual(settings["brand"], settings["brand"])
        board = board_of(conn, facts, people, store_id, name, settings["currency"], tier_rules(settings))
        if store_id is not None:
            return board
        lines = [store_line(facts, scope_id, names[scope_id]) for scope_id in wanted]
        return replace(board, stores=tuple(lines))


def read_list(
    database: ServerDatabase, actor: Actor, store_id: str | None, wanted: Wanted, now_ms: int
) -> TeamList:
    """The list behind a figure of a board; `not_found` as for the board itself."""
    fold_team(database, now_ms)
    chain_id = database.chain_id()
    with database.read_snapshot() as conn:
        scope_ids = _allowed(team_actor(conn, chain_id, actor), _stores(conn, chain_id), store_id)
        rules = _rules(conn, read_settings(conn, chain_id))
        people = {who: one.person for who, one in _people(conn, chain_id).items()}
        today = local_date(now_ms, rules.zone)
        return list_behind(conn, scope_ids, rules, wanted, people, today, now_ms)


def _rules(conn: Connection, settings: Mapping[str, str]) -> Rules:
    return Rules(settings["zone"], int(settings["window_days"]), merges_in(conn, scopes_of(conn)))


def _allowed(actor: Actor, names: Mapping[str, Bilingual], store_id: str | None) -> list[str]:
    asked: Sequence[str] = sorted(names) if store_id is None else [store_id]
    found = [scope_id for scope_id in asked if scope_id in names and may(actor, "team.view", scope_id)]
    if not found or (store_id is None and actor.role != "area_manager"):
        raise Refused("not_found", what="team")
    return found


def _stores(conn: Connection, chain_id: str) -> dict[str, Bilingual]:
    s = store.c
    query = select(s.id, s.name, s.name_en).where(
        s.scope_id == chain_id, s.kind == "store", s.deleted_at_ms.is_(None)
    )
    return {row.id: Bilingual(row.name, row.name_en) for row in conn.execute(query)}


def _people(conn: Connection, chain_id: str) -> dict[str, Staff]:
    s = staff.c
    query = select(s.id, s.number, s.name, s.name_en, s.role, s.store_id, s.is_active).where(s.scope_id == chain_id)
    return {
        row.id: Staff(
            TeamPerson(row.id, Bilingual(row.name, row.name_en), row.number),
            row.store_id,
            bool(row.is_active) and row.role in _SELL,
        )
        for row in conn.execute(query)
    }


def day_of_text(text: str) -> date:
    """A local day as it is written; `validation` for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("validation", field="day", why="bad_value") from None
