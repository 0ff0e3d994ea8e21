"""Words, found in what customers and agents wrote, newest first: FTS5 on SQLite, to_tsvector on PostgreSQL.

What somebody types is words and "quoted phrases"; none of it reaches the query language.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, String, exists, func, literal_column, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actors import Actor
from inbox.models import Case, Conversation, Customer, Identity, Message, Note
from inbox.policies import visible_to
from inbox.queries.pages import Page, encoded, number_of
from inbox.texts import snippet

LONGEST = 400
MOST_TERMS = 16
DOCUMENTS = {
    "messages": "coalesce(messages.subject, '') || ' ' || coalesce(messages.text, '') || ' ' || "
    "coalesce(messages.author_name, '')",
    "notes": "coalesce(notes.text, '')",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A message or a note that has all the words; `public_id` is its own."""

    kind: str
    public_id: str
    conversation: Conversation
    customer: Customer
    case_number: int | None
    subject: str
    snippet: str


async def messages(
    session: AsyncSession, words: str, *, actor: Actor, cursor: str | None = None, limit: int = 20
) -> Page[Hit]:
    """The messages with all the words, newest first, as far as the actor may see them."""
    query = (
        select(Message, Conversation, Customer, Case.number)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(messages_with(session, words), or_(Message.case_id.is_(None), visible_to(actor)))
    )
    if cursor:
        query = query.where(Message.id < number_of(cursor))
    rows = (await session.execute(query.order_by(Message.id.desc()).limit(limit + 1))).all()
    hits = [
        Hit("message", row.public_id, talk, who, number, row.subject, snippet(row.text))
        for row, talk, who, number in rows[:limit]
    ]
    return Page(hits, encoded(rows[limit - 1][0].id) if len(rows) > limit else None)


async def notes(session: AsyncSession, words: str, *, actor: Actor, limit: int = 20) -> Sequence[Hit]:
    """The newest notes with all the words, as far as the actor may see their cases."""
    query = (
        select(Note, Conversation, Customer, Case.number, Case.subject)
        .join(Conversation, Conversation.id == Note.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .join(Case, Case.id == Note.case_id)
        .where(_matching(session, "notes", words), visible_to(actor))
    )
    return [
        Hit("note", row.public_id, talk, who, number, subject, snippet(row.text))
        for row, talk, who, number, subject in await session.execute(
            query.order_by(Note.id.desc()).limit(limit)
        )
    ]


def conversations_about(session: AsyncSession, words: str, actor: Actor) -> ColumnElement[bool]:
    """A condition on Conversation: a message of it that the actor may see has all the words, or its
    customer's name or address has them."""
    found = select(Message.conversation_id).where(messages_with(session, words), _may_see(actor))
    return or_(Conversation.id.in_(found), Conversation.customer_id.in_(_customers(words)))


def cases_about(session: AsyncSession, words: str) -> ColumnElement[bool]:
    """A condition on Case: a message of it has all the words, or its customer's name or address has them.
    Whether the actor may see the case is asked beside it."""
    found = select(Message.case_id).where(messages_with(session, words), Message.case_id.is_not(None))
    theirs = select(Conversation.id).where(Conversation.customer_id.in_(_customers(words)))
    return or_(Case.id.in_(found), Case.conversation_id.in_(theirs))


def messages_with(session: AsyncSession, words: str) -> ColumnElement[bool]:
    """A condition on Message: it has all the words; the last one may be the beginning of a word."""
    return _matching(session, "messages", words)


def terms_of(words: str) -> list[str]:
    """The words and quoted phrases of what was typed, at most `MOST_TERMS`; what has no letter is none."""
    found = (phrase or word for phrase, word in re.findall(r'"([^"]*)"|([^\s"]+)', words[:LONGEST]))
    cleaned = (" ".join(re.findall(r"\w+", term)) for term in found)
    return [term for term in cleaned if term][:MOST_TERMS]


def _matching(session: AsyncSession, table: str, words: str) -> ColumnElement[bool]:
    model = Message if table == "messages" else Note
    terms = terms_of(words)
    if not terms:
        return model.id.is_(None)
    if session.get_bind().dialect.name == "sqlite":
        found = text(f"SELECT rowid FROM {table}_search WHERE {table}_search MATCH :words")
        return model.id.in_(found.bindparams(words=_fts5(terms)).columns(literal_column("rowid")))
    # Configuration and document are written as in the index, or the index would not be used.
    document = literal_column(f"to_tsvector('simple'::regconfig, {DOCUMENTS[table]})", String)
    return document.op("@@")(func.to_tsquery(literal_column("'simple'::regconfig"), _tsquery(terms)))


def _fts5(terms: Sequence[str]) -> str:
    """Each term as a quoted string (FTS5 §3.1), so that no operator is left."""
    return " ".join(f'"{term}"' for term in terms) + "*"


def _tsquery(terms: Sequence[str]) -> str:
    """Each term as words that follow each other; terms hold nothing but letters, digits and blanks."""
    phrases = [" <-> ".join(term.split()) for term in terms]
    return " & ".join(f"({phrase})" for phrase in [*phrases[:-1], f"{phrases[-1]}:*"])


def _may_see(actor: Actor) -> ColumnElement[bool]:
    visible = exists().where(Case.id == Message.case_id, visible_to(actor))
    return or_(Message.case_id.is_(None), visible)


def _customers(words: str) -> CompoundSelect[int]:
    part = f"%{_escaped(words[:LONGEST].strip().lower())}%"
    named = select(Customer.id).where(func.lower(Customer.name).like(part, escape="\\"))
    addressed = select(Identity.customer_id).where(Identity.address.like(part, escape="\\"))
    return named.union(addressed)


def _escaped(words: str) -> str:
    storable = words.encode("utf-8", "ignore").decode().replace("\0", "")  # lone surrogates are no text
    return storable.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
