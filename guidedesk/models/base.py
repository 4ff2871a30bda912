"""Column types, naming rules and the three metadata: rows both sides have, the server's, the counter's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    cast,
    func,
    types,
)

from guidedesk.domain import ids

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# The server's metadata holds the shared entities too; the counter's cache gets copies of those (models.cache).
SERVER = MetaData(naming_convention=NAMING)
JOURNAL = MetaData(naming_convention=NAMING)
CACHE = MetaData(naming_convention=NAMING)

FeedScope = Literal["store", "chain"]


_ID_BYTES = LargeBinary(16)  # the library asks for it at many statements


class IdType(types.TypeDecorator[str]):
    """A canonical id string: 16 bytes on SQLite, `uuid` on PostgreSQL."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """The type each database stores."""
        if dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql  # late: its drivers cost a counter a tenth of its start

            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(_ID_BYTES)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Text to what the database stores."""
        if value is None or dialect.name == "postgresql":
            return value
        return ids.to_bytes(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """What the database stores to canonical text."""
        if value is None or isinstance(value, str):
            return value
        return ids.from_bytes(bytes(value))


def among(conn: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column IN (values)`; one array on PostgreSQL, so that the statement's text does not grow with them."""
    if conn.dialect.name == "postgresql":
        from guidedesk.models.arrays import array_of  # late: its drivers cost a counter a tenth of its start

        return column == any_(array_of(column.type, values))
    return column.in_(list(values))


def among_named(dialect_name: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`among` in a statement that is put together once: putting it together takes longer than running it.

    What `name` stands for is given to each execution, as `named_values` writes it.
    """
    if dialect_name == "postgresql":
        from guidedesk.models.arrays import TextArray  # late, as above

        return column == any_(bindparam(name, type_=TextArray(column.type)))
    return column.in_(bindparam(name, expanding=True))


def named_values(conn: Connection, values: Iterable[Any]) -> Any:
    """Values for a parameter of `among_named`."""
    if conn.dialect.name == "postgresql":
        from guidedesk.models.arrays import array_text  # late, as above

        return array_text(list(values))
    return list(values)


def paired(*columns: tuple[str, Iterable[Any]]) -> TableValuedAlias:
    """Rows of ids to join with, one array a column (name, ids): `unnest` of PostgreSQL."""
    from sqlalchemy.dialects import postgresql

    from guidedesk.models.arrays import array_of  # late, as above

    arrays = [cast(array_of(IdType(), values), postgresql.ARRAY(IdType())) for _, values in columns]
    names: list[Column[str]] = [Column(name, IdType()) for name, _ in columns]
    return func.unnest(*arrays).table_valued(*names, name="wanted").render_derived()


Big = BigInteger().with_variant(Integer(), "sqlite")


def id_col(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    """A column that holds an id."""
    return Column(name, IdType(), nullable=nullable, primary_key=primary_key)


def text_col(name: str, *, nullable: bool = False, default: str | None = None) -> Column[str]:
    """A text column."""
    return Column(name, Text(), nullable=nullable, server_default=default)


def big_col(name: str, *, nullable: bool = False, default: str | None = None) -> Column[int]:
    """A 64-bit integer column: times in milliseconds, amounts in minor units, versions."""
    return Column(name, Big, nullable=nullable, server_default=default)


def entity(name: str, *columns: Column[Any], feed: FeedScope = "store") -> Table:
    """A table both sides have: keyed by the scope it lives in, versioned, deleted by tombstone.

    `feed` says which subscription of a counter brings its rows (SYNC.md 2).
    """
    return Table(
        name,
        SERVER,
        id_col("scope_id", primary_key=True),
        id_col("id", primary_key=True),
        big_col("row_ver"),
        *columns,
        big_col("deleted_at_ms", nullable=True),
        info={"shard": "scope_id", "feed": feed, "entity": True},
    )
