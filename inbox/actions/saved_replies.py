"""Writing texts to be used again, and counting how often they are."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.undos import remember, undoable
from inbox.errors import Conflict, Invalid, NotPermitted
from inbox.liquid_texts import Values, checked
from inbox.models import Agent, SavedReply, SavedReplyUse, Undo
from inbox.phrases import N_

LONGEST_NAME = 120
LONGEST_TEXT = 10_000
MOST_LANGUAGES = 20
KEPT = ("public_id", "owner_id", "name", "shortcut", "text", "languages")  # for an undo
EXAMPLE: Values = {
    "customer": {"name": "Ana Lima", "first_name": "Ana", "company": "Norte Studio"},
    "agent": {"name": "Maya Okafor", "first_name": "Maya", "email": "maya@shop.example"},
    "case": {"number": "1042", "subject": "Refund"},
}
_SHORTCUT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


async def add_reply(
    session: AsyncSession,
    *,
    name: str,
    shortcut: str,
    text: str,
    languages: Mapping[str, str] | None = None,
    is_shared: bool = False,
    by: Agent,
) -> SavedReply:
    """Keep a text, for oneself or for everybody.

    Raises Invalid for one that cannot be filled in or a shortcut that cannot be typed, Conflict for a
    shortcut that is taken.
    """
    reply = SavedReply(owner_id=None if is_shared else by.id, created_at=clock.now())
    await _fill(session, reply, name, shortcut, text, languages or {})
    session.add(reply)
    await session.flush()
    return reply


async def change_reply(
    session: AsyncSession,
    reply: SavedReply,
    *,
    name: str,
    shortcut: str,
    text: str,
    languages: Mapping[str, str] | None = None,
    is_shared: bool,
    by: Agent,
) -> None:
    """Write it anew. Shared ones are everybody's; raises NotPermitted for somebody else's own."""
    _permit(reply, by)
    reply.owner_id = None if is_shared else (reply.owner_id or by.id)
    await _fill(session, reply, name, shortcut, text, languages or {})
    await session.flush()


async def remove_reply(session: AsyncSession, reply: SavedReply, *, by: Agent) -> None:
    """Forget a text; what was sent with it stays. It can be undone. Raises NotPermitted for somebody else's
    own."""
    _permit(reply, by)
    of_it = SavedReplyUse.saved_reply_id == reply.id
    uses = await session.execute(select(SavedReplyUse.agent_id, SavedReplyUse.created_at).where(of_it))
    journal = {column: getattr(reply, column) for column in KEPT}
    journal["uses"] = [(agent_id, at.isoformat()) for agent_id, at in uses]
    await session.delete(reply)
    await remember(session, by=by, action="remove_reply", journal=journal, case=None)


@undoable("remove_reply")
async def _bring_back(session: AsyncSession, undo: Undo, by: Agent) -> None:
    kept = undo.journal
    same_owner = SavedReply.owner_id.is_not_distinct_from(kept["owner_id"])
    taken = select(SavedReply.id).where(SavedReply.shortcut == kept["shortcut"], same_owner)
    if await session.scalar(taken) is not None:
        raise Conflict("There is already a saved reply /%(shortcut)s.", shortcut=kept["shortcut"])
    reply = SavedReply(created_at=clock.now(), **{column: kept[column] for column in KEPT})
    session.add(reply)
    await session.flush()
    session.add_all(
        SavedReplyUse(saved_reply_id=reply.id, agent_id=agent_id, created_at=datetime.fromisoformat(at))
        for agent_id, at in kept["uses"]
    )


async def count_use(session: AsyncSession, reply: SavedReply, *, by: Agent) -> None:
    """Note that it was put into an answer."""
    session.add(SavedReplyUse(saved_reply_id=reply.id, agent_id=by.id, created_at=clock.now()))
    await session.flush()


def _permit(reply: SavedReply, by: Agent) -> None:
    if reply.owner_id not in (None, by.id):
        raise NotPermitted("This saved reply is somebody else's own.")


async def _fill(
    session: AsyncSession,
    reply: SavedReply,
    name: str,
    shortcut: str,
    text: str,
    languages: Mapping[str, str],
) -> None:
    name, shortcut = " ".join(name.split()), shortcut.strip().removeprefix("/").lower()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid("Give a name of 1 to %(most)s characters.", most=LONGEST_NAME, field="name")
    if not _SHORTCUT.fullmatch(shortcut):
        raise Invalid("A shortcut has 1 to 40 letters, digits, - and _, without blanks.", field="shortcut")
    others = select(SavedReply.id).where(
        SavedReply.shortcut == shortcut, SavedReply.id.is_distinct_from(reply.id)
    )
    same_owner = SavedReply.owner_id.is_not_distinct_from(reply.owner_id)
    if await session.scalar(others.where(same_owner)) is not None:
        raise Conflict("There is already a saved reply /%(shortcut)s.", shortcut=shortcut)
    reply.name, reply.shortcut, reply.text = name, shortcut, _checked(text, "text")
    if len(languages) > MOST_LANGUAGES or not all(_LANGUAGE.fullmatch(tag) for tag in languages):
        raise Invalid("Name each language by its code, such as de or pt-BR.", field="languages")
    reply.languages = {tag: _checked(words, "languages") for tag, words in languages.items() if words.strip()}


def _checked(text: str, field: str) -> str:
    found = checked(text, example=EXAMPLE, longest=LONGEST_TEXT, what=N_("saved reply"), field=field)
    if not found:
        raise Invalid("Write what it says.", field=field)
    return found
