"""Words in what was written: FTS5 on SQLite, to_tsvector on PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import BindParameter, ColumnElement, String, bindparam, func, literal_column, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Message, Note

DOCUMENTS = {
    "messages": "coalesce(messages.subject, '') || ' ' || coalesce(messages.text, '') || ' ' || "
    "coalesce(messages.author_name, '')",
    "notes": "coalesce(notes.text, '')",
}


def has_all(
    session: AsyncSession, model: type[Message] | type[Note], terms: Sequence[str]
) -> ColumnElement[bool]:
    """A condition on Message or Note: it has all the terms; the last one may be the beginning of a word.

    Terms hold nothing but letters, digits and blanks (`inbox.operators`); without one nothing is found.
    """
    if not terms:
        return model.id.is_(None)
    table = model.__tablename__
    if session.get_bind().dialect.name == "sqlite":
        found = text(f"SELECT rowid FROM {table}_search WHERE {table}_search MATCH :words")
        # Unique, because a query may look for words several times.
        words: BindParameter[str] = bindparam("words", _fts5(terms), unique=True)
        return model.id.in_(found.bindparams(words).columns(literal_column("rowid")))
    # Configuration and document are written as in the index, or the index would not be used.
    document = literal_column(f"to_tsvector('simple'::regconfig, {DOCUMENTS[table]})", String)
    return document.bool_op("@@")(func.to_tsquery(literal_column("'simple'::regconfig"), _tsquery(terms)))


def _fts5(terms: Sequence[str]) -> str:
    """Each term as a quoted string (FTS5 §3.1), so that no operator is left."""
    return " ".join(f'"{term}"' for term in terms) + "*"


def _tsquery(terms: Sequence[str]) -> str:
    """Each term as words that follow each other."""
    phrases = [" <-> ".join(term.split()) for term in terms]
    return " & ".join(f"({phrase})" for phrase in [*phrases[:-1], f"{phrases[-1]}:*"])
