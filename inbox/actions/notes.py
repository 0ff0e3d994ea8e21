"""Words between agents, on a case, and who is named in them."""

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.drafts import discard_draft
from inbox.actions.events import record
from inbox.actors import Actor
from inbox.errors import Conflict, Invalid, NotFound, NotPermitted
from inbox.holding import hold_case, hold_conversation
from inbox.models import (
    UNFINISHED,
    Agent,
    Case,
    Conversation,
    EventKind,
    Mention,
    Note,
    Team,
    TeamMember,
)
from inbox.policies import visible_to

LONGEST_TEXT = 100_000
_AT = re.compile(r"(?<![\w@.])@(?=\w)")


async def add_note(
    session: AsyncSession, conversation: Conversation, *, by: Agent, text: str, case: Case | None = None
) -> Note:
    """Write a note; without a case on the newest unfinished one, else on the newest.

    `@name` mentions an agent by name or first name, or everybody in a team. Raises Invalid without words,
    Conflict where the conversation has no case yet.
    """
    text = _checked(text)
    await hold_conversation(session, conversation)
    case = await _case_for(session, conversation, case, by)
    note = Note(
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        case_id=case.id,
        author_id=by.id,
        text=text,
        created_at=clock.now(),
    )
    session.add(note)
    await session.flush()
    mentioned = await _mention(session, note, by)
    await discard_draft(session, conversation, by=by, kind="note")
    _record(session, EventKind.NOTE_ADDED, conversation, case, note, by, mentioned)
    return note


async def edit_note(session: AsyncSession, note: Note, *, by: Agent, text: str) -> None:
    """Change one's own note; who is newly named is told, who no longer is drops out if they have not seen it.

    Raises NotPermitted for the note of somebody else, Invalid without words.
    """
    if note.author_id != by.id:
        raise NotPermitted("Only whoever wrote a note can change it.")
    text = _checked(text)
    case = await session.get_one(Case, note.case_id)
    conversation = await hold_case(session, case)
    await session.refresh(note)
    if note.text == text:
        return
    note.text, note.edited_at = text, clock.now()
    mentioned = await _mention(session, note, by)
    _record(session, EventKind.NOTE_EDITED, conversation, case, note, by, mentioned)


async def mark_mentions_seen(session: AsyncSession, conversation: Conversation, *, by: Agent) -> int:
    """The agent has looked at the conversation: its notes that name them are seen. Answers how many."""
    notes = select(Note.id).where(Note.conversation_id == conversation.id)
    unseen = (
        update(Mention)
        .where(Mention.agent_id == by.id, Mention.seen_at.is_(None), Mention.note_id.in_(notes))
        .values(seen_at=clock.now())
        .returning(Mention.id)
        .execution_options(synchronize_session=False)
    )
    return len((await session.scalars(unseen)).all())


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise Invalid("Write something first.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid("A note has at most %(most)d characters.", most=LONGEST_TEXT, field="text")
    return text


async def _case_for(session: AsyncSession, conversation: Conversation, case: Case | None, by: Agent) -> Case:
    if case is not None:
        await session.refresh(case)
        if case.conversation_id != conversation.id:
            raise NotFound("There is no such case in this conversation.")
        return case
    newest = (
        select(Case)
        .where(
            Case.conversation_id == conversation.id,
            Case.joined_into_id.is_(None),
            visible_to(Actor.agent(by)),
        )
        .order_by(Case.status.in_(UNFINISHED).desc(), Case.number.desc())
        .limit(1)
    )
    found = (await session.scalars(newest)).first()
    if found is None:
        raise Conflict("There is no case here yet that a note could be about.")
    return found


async def _mention(session: AsyncSession, note: Note, by: Agent) -> Sequence[Agent]:
    """Let the note name whom its text names; answers who is named newly."""
    named = {agent.id: agent for agent in await _named(session, note.text) if agent.id != by.id}
    await session.execute(
        delete(Mention).where(
            Mention.note_id == note.id, Mention.seen_at.is_(None), Mention.agent_id.not_in(named)
        )
    )
    known = set(await session.scalars(select(Mention.agent_id).where(Mention.note_id == note.id)))
    new = [agent for agent_id, agent in named.items() if agent_id not in known]
    for agent in new:
        session.add(Mention(note_id=note.id, case_id=note.case_id, agent_id=agent.id))
    return new


async def _named(session: AsyncSession, text: str) -> list[Agent]:
    """The agents that a text names, in its order. The longest name that fits counts; who share a first name
    are all meant, for a mention too many is better than one too few."""
    if not _AT.search(text):
        return []
    agents = (await session.scalars(select(Agent).where(Agent.deactivated_at.is_(None)))).all()
    members = await _members(session, agents)
    names = {**_by_name(_first_names(agents)), **members, **_by_name((agent.name, agent) for agent in agents)}
    found: list[Agent] = []
    for at in _AT.finditer(text):
        rest = text[at.end() :].casefold()
        fitting = [name for name in names if rest.startswith(name) and _ends(rest, len(name))]
        if fitting:
            found += names[max(fitting, key=len)]
    return found


def _first_names(agents: Iterable[Agent]) -> Iterable[tuple[str, Agent]]:
    return ((agent.name.split()[0], agent) for agent in agents if agent.name.split())


def _by_name(pairs: Iterable[tuple[str, Agent]]) -> dict[str, list[Agent]]:
    named: dict[str, list[Agent]] = {}
    for name, agent in pairs:
        named.setdefault(name.casefold(), []).append(agent)
    return named


async def _members(session: AsyncSession, agents: Sequence[Agent]) -> dict[str, list[Agent]]:
    """The members of each team, by its name and by its slug."""
    by_id = {agent.id: agent for agent in agents}
    rows = await session.execute(
        select(Team.name, Team.slug, TeamMember.agent_id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.agent_id.in_(by_id))
        .order_by(TeamMember.id)
    )
    teams: dict[str, list[Agent]] = {}
    for name, slug, agent_id in rows:
        for word in {name.casefold(), slug.casefold()}:
            teams.setdefault(word, []).append(by_id[agent_id])
    return teams


def _ends(rest: str, length: int) -> bool:
    return len(rest) == length or not (rest[length].isalnum() or rest[length] == "_")


def _record(
    session: AsyncSession,
    kind: EventKind,
    conversation: Conversation,
    case: Case,
    note: Note,
    by: Agent,
    mentioned: Sequence[Agent],
) -> None:
    record(
        session,
        kind,
        actor=Actor.agent(by),
        conversation=conversation,
        case=case,
        note=note,
        data={"note_id": note.public_id, "mentions": [agent.public_id for agent in mentioned]},
    )
