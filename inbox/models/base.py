"""What all tables share: naming, ids, UTC times."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, types
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.operators import OperatorType

from inbox import clock
from inbox.ids import PUBLIC_ID_LENGTH, public_id


class UTCDateTime(types.TypeDecorator[datetime]):
    """An aware moment; stored as UTC, given back as UTC. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Json(types.TypeDecorator[Any]):
    """JSON, which PostgreSQL keeps as JSONB: as a variant would, but its dialect, which is large, is loaded
    only for whoever speaks it."""

    impl = JSON
    cache_ok = True
    should_evaluate_none = True  # as JSON's own: None is JSON's null, not a missing value

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> types.TypeEngine[Any]:
        coerced = self.impl_instance.coerce_compared_value(op, value)
        return self if coerced is self.impl_instance else coerced


BigInt = BigInteger().with_variant(Integer, "sqlite")


class Model(DeclarativeBase):
    """The base of every table. Relationships are lazy="raise": a query says what it loads."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        int: BigInt,
        datetime: UTCDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        list[str]: Json,
    }

    id: Mapped[int] = mapped_column(primary_key=True)


class WithPublicId:
    """A table whose rows are named outside."""

    public_id: Mapped[str] = mapped_column(String(PUBLIC_ID_LENGTH), unique=True, default=public_id)


class WithCreation:
    """A table whose rows say when they came to be."""

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
