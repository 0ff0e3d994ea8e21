"""What columns keep comes back as it was, and can be asked for."""

import pytest
from sqlalchemy import select

from inbox.db import Database
from inbox.models import Setting


@pytest.mark.parametrize("value", [{"a": {"b": 1}}, {"a": None}, {"a": ["x", "1 < 2"]}])
async def test_json_is_kept_compared_and_looked_into_on_every_database(
    database: Database, value: dict[str, object]
) -> None:
    async with database.transaction() as session:
        session.add(Setting(name="a", value=value))
        session.add(Setting(name="b", value={"a": "another"}))

    async with database.reading() as session:
        kept = (await session.scalars(select(Setting.value).where(Setting.name == "a"))).one()
        by_key = select(Setting.name).where(Setting.value["a"].as_string() == "another")
        assert (kept, (await session.scalars(by_key)).all()) == (value, ["b"])
