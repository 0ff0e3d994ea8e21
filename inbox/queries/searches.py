"""Words, found in what customers and agents wrote. What somebody types is quoted: it is never query
syntax."""

from sqlalchemy import ColumnElement, String, func, literal_column, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.models import Conversation, Customer, Identity, Message

LONGEST = 200
MESSAGE_WORDS = "coalesce(subject, '') || ' ' || coalesce(text, '') || ' ' || coalesce(author_name, '')"


def conversations_about(session: AsyncSession, words: str) -> ColumnElement[bool]:
    """A condition on Conversation: its messages have all the words, or its customer's name or address has
    them."""
    words = words[:LONGEST]
    messages = select(Message.conversation_id).where(messages_with(session, words))
    part = f"%{_escaped(words.lower())}%"
    named = select(Customer.id).where(func.lower(Customer.name).like(part, escape="\\"))
    addressed = select(Identity.customer_id).where(Identity.address.like(part, escape="\\"))
    return or_(
        Conversation.id.in_(messages),
        Conversation.customer_id.in_(named),
        Conversation.customer_id.in_(addressed),
    )


def messages_with(session: AsyncSession, words: str) -> ColumnElement[bool]:
    """A condition on Message: it has all the words; the last one may be the beginning of a word."""
    if session.get_bind().dialect.name == "sqlite":
        found = text("SELECT rowid FROM messages_search WHERE messages_search MATCH :words")
        return Message.id.in_(found.bindparams(words=_fts5(words)).columns(literal_column("rowid")))
    document = func.to_tsvector("simple", literal_column(MESSAGE_WORDS, String))
    return document.op("@@")(func.plainto_tsquery("simple", words))


def _fts5(words: str) -> str:
    """Each word as a quoted string (FTS5 §3.1), so that no operator is left."""
    quoted = ['"' + word.replace('"', '""') + '"' for word in words.replace("\0", " ").split()]
    return " ".join(quoted) + "*" if quoted else '""'


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
