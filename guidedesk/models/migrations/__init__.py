"""Step by step schema changes of the three databases (Alembic): server, journal, cache.

The cache is made anew when its schema differs; its steps exist so that every change of a table is written down
and tested against the models like the others.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import Connection, Engine, inspect

from guidedesk.domain.errors import StorageError
from guidedesk.models.database import begin_immediate

if TYPE_CHECKING:
    from alembic.config import Config

Environment = Literal["server", "journal", "cache"]
_HERE: Final = Path(__file__).parent
# Raised with each revision of the journal, so that a start needs no look at Alembic (a test compares them).
JOURNAL_SCHEMA: Final = 4


def upgrade_journal(engine: Engine) -> None:
    """Bring a journal to the newest schema, keeping every operation; `storage_newer` for a newer program's."""
    writer = engine.execution_options(guidedesk_begin="IMMEDIATE")
    with begin_immediate(writer) as conn:
        version = int(conn.exec_driver_sql("PRAGMA user_version").scalar_one())
        if version > JOURNAL_SCHEMA:
            raise StorageError("storage_newer", file="journal")
        if version < JOURNAL_SCHEMA:
            upgrade(conn, "journal")
            conn.exec_driver_sql(f"PRAGMA user_version = {JOURNAL_SCHEMA}")


def upgrade(conn: Connection, environment: Environment, revision: str = "head") -> None:
    """Run the steps up to a revision in the caller's transaction."""
    from alembic import command  # late: most starts need none of it

    config = configuration(environment)
    refuse_newer(conn, environment)
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def is_newest(conn: Connection, environment: Environment) -> bool:
    """Whether every step has been taken."""
    if not inspect(conn).has_table("alembic_version"):
        return False
    newest, _ = _revisions(environment)
    return newest == set(conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


def configuration(environment: Environment) -> Config:
    """Alembic's configuration of one environment."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE / environment))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    return config


def refuse_newer(conn: Connection, environment: Environment) -> None:
    """`storage_newer` where a step was taken that this program does not know."""
    if not inspect(conn).has_table("alembic_version"):
        return
    _, known = _revisions(environment)
    if not known.issuperset(conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()):
        raise StorageError("storage_newer", file=environment)


@cache
def _revisions(environment: Environment) -> tuple[frozenset[str], frozenset[str]]:
    """The newest steps and every step this program knows; Alembic reads and compiles each file for that, once here."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(configuration(environment))
    return frozenset(scripts.get_heads()), frozenset(script.revision for script in scripts.walk_revisions())
