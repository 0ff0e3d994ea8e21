"""Full-text search, and the rows of the counters.

SQLite: FTS5 over the messages and notes themselves (external content), kept by triggers. PostgreSQL: a GIN
index on an expression, half the size of a stored tsvector.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEARCHED = {"messages": ("subject", "text", "author_name"), "notes": ("text",)}


def upgrade() -> None:
    for table, columns in SEARCHED.items():
        if op.get_bind().dialect.name == "sqlite":
            create_fts5(table, columns)
        else:
            words = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
            op.execute(
                sa.text(
                    f"CREATE INDEX ix_{table}_search ON {table} USING gin (to_tsvector('simple', {words}))"
                )
            )
    op.execute(sa.text("INSERT INTO event_counter (id, position) VALUES (1, 0)"))
    op.execute(sa.text("INSERT INTO case_numbers (id, newest) VALUES (1, 1000)"))


def create_fts5(table: str, columns: tuple[str, ...]) -> None:
    names = ", ".join(columns)
    new = ", ".join(f"new.{column}" for column in columns)
    old = ", ".join(f"old.{column}" for column in columns)
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    insert = f"INSERT INTO {table}_search (rowid, {names}) VALUES (new.id, {new});"
    delete = f"INSERT INTO {table}_search ({table}_search, rowid, {names}) VALUES ('delete', old.id, {old});"
    for statement in (
        f"CREATE VIRTUAL TABLE {table}_search USING fts5({names}, content='{table}', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 2')",
        f"CREATE TRIGGER {table}_search_insert AFTER INSERT ON {table} BEGIN {insert} END",
        f"CREATE TRIGGER {table}_search_delete AFTER DELETE ON {table} BEGIN {delete} END",
        f"CREATE TRIGGER {table}_search_update AFTER UPDATE ON {table} WHEN {changed} "
        f"BEGIN {delete} {insert} END",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    raise RuntimeError("Going back is not supported: restore the backup that you made before upgrading.")
