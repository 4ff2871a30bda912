"""What we write as an array is what PostgreSQL reads, whatever is in the texts."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from guidedesk.bench.local_postgres import SUPERUSER
from guidedesk.models.arrays import array_text
from tests.helpers.postgres import local_postgres

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TRICKY = st.sampled_from(['"', "\\", '","', "{}", "NULL", "null", "", " ", "\n", "'", "\\x00", "标签"])


@settings(deadline=None)  # the first one starts the database
@given(
    st.lists(TEXTS | TRICKY, max_size=6),
    st.lists(TEXTS | TRICKY | st.none(), max_size=6),
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), max_size=6),
    st.lists(st.binary(max_size=40) | st.none(), max_size=6),
)
def test_postgresql_reads_what_was_written(
    texts: list[str], some: list[str | None], numbers: list[int | None], raw: list[bytes | None]
) -> None:
    given_values: list[list[Any]] = [texts, some, numbers, raw]
    with psycopg.connect(local_postgres().url("postgres", SUPERUSER)) as conn:
        written = [array_text(values) for values in given_values]
        found = conn.execute("SELECT %s::text[], %s::text[], %s::bigint[], %s::bytea[]", written).fetchone()
    assert found is not None
    assert [list(values) for values in found] == given_values
