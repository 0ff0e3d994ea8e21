"""Which revision a SQLite database is at, asked without loading anything that maps or migrates it."""

import sqlite3
from contextlib import closing
from urllib.parse import unquote, urlsplit


def sqlite_revision(url: str) -> str | None:
    """The revision of the SQLite database at *url*; None where there is none, or it is another database."""
    parts = urlsplit(url)
    if not parts.scheme.startswith("sqlite"):
        return None
    path = unquote(parts.path.removeprefix("/"))
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None  # no such file, or nothing was ever migrated there
    return str(row[0]) if row else None
