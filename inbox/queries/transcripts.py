"""What was said in a chat, as a mail to its visitor says it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import Span, SpanKind
from inbox.models import Agent, Direction, Identity, Message
from inbox.queries.continuity import first_name, newest_token
from inbox.queries.visitors import visible_messages
from inbox.texts import new_words
from inbox.words import words_in
from inbox.zones import zone_named

LONGEST = 300  # messages


async def transcript_of(session: AsyncSession, visitor: Identity, language: str) -> str:
    """The newest messages that this visitor may see, oldest first, each under who wrote it and when, in the
    visitor's own time where their browser has told it."""
    messages = await visible_messages(session, visitor, limit=LONGEST)
    token = await newest_token(session, visitor)
    zone = _zone(token.time_zone if token else None)
    writers = {message.author_agent_id for message in messages if message.author_agent_id}
    agents = {agent.id: agent for agent in await session.scalars(select(Agent).where(Agent.id.in_(writers)))}
    return "\n\n".join(_said(message, agents, zone, language) for message in messages)


def _said(message: Message, agents: dict[int, Agent], zone: ZoneInfo, language: str) -> str:
    if message.direction == Direction.INBOUND:
        who = words_in(language).said("You")
        spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
        words = new_words(message.text, spans)
    else:
        who = first_name(agents.get(message.author_agent_id or 0)) or words_in(language).said("We")
        words = message.text
    moment: datetime = message.created_at.astimezone(UTC).astimezone(zone)
    return f"**{who}**, {moment:%Y-%m-%d %H:%M %Z}\n\n{words}"


def _zone(name: str | None) -> ZoneInfo:
    return (zone_named(name) if name else None) or ZoneInfo("UTC")
