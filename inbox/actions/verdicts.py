"""An agent's answer to a question, or that it is open again: the card's state and the event that tells it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.models import Agent, Conversation, EventKind, Suggestion, SuggestionState


async def close(session: AsyncSession, suggestion: Suggestion, state: SuggestionState, *, by: Agent) -> None:
    """The question is answered with this."""
    suggestion.state = state
    suggestion.decided_by_id, suggestion.decided_at = by.id, clock.now()
    await _tell(session, suggestion, by, {"decision": state})


async def reopen(session: AsyncSession, suggestion: Suggestion, *, by: Agent, is_undo: bool = False) -> None:
    """It is open again."""
    suggestion.state, suggestion.decided_by_id, suggestion.decided_at = SuggestionState.OPEN, None, None
    data: dict[str, Any] = {"decision": SuggestionState.OPEN}
    await _tell(session, suggestion, by, data | ({"undo": True} if is_undo else {}))


async def _tell(session: AsyncSession, suggestion: Suggestion, by: Agent, data: dict[str, Any]) -> None:
    record(
        session,
        EventKind.SUGGESTION_DECIDED,
        actor=Actor.agent(by),
        conversation=await session.get_one(Conversation, suggestion.conversation_id),
        suggestion=suggestion,
        data=data,
    )
