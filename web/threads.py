"""A conversation as an agent sees it: one of its cases chosen, its timeline, the composer, the customer."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from inbox.actors import Actor
from inbox.errors import MissedMessages, NotFound
from inbox.models import Agent, Case, Conversation
from inbox.queries import absences, cases, composers, followers, heads, messages, panels, timelines
from inbox.queries.choices import choices_of, members_of_teams
from inbox.queries.composers import Composer
from inbox.queries.followers import Attention
from inbox.queries.happenings import Reading
from inbox.queries.heads import Head
from inbox.queries.panels import Panel
from inbox.texts import snippet
from web.bodies import UPLOAD_BYTES
from web.live.cursors import cursor_of

GLIMPSED = 15  # entries that a look into a case shows


@dataclass(frozen=True, slots=True)
class Missed:
    """A message that arrived while somebody was writing."""

    author: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Everything that the middle and the right of the page show. `cursor` was read before the rest.

    What a form without a script gets back: `dialog` stands open, `text` is what was written, `problem` why it
    was not sent, `missed` what its writer has not seen.
    """

    id: str
    cursor: str
    head: Head
    entries: timelines.Page
    composer: Composer
    panel: Panel
    mentions: str
    attention: Attention = field(default_factory=Attention)
    max_upload: int = UPLOAD_BYTES
    dialog: str = ""
    mode: str = "reply"
    text: str = ""
    problem: str = ""
    is_guarded: bool = False
    missed: list[Missed] = field(default_factory=list)

    def with_words(self, **changed: Any) -> "Thread":
        """The same thread with what its writer has written."""
        return replace(self, **changed)


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a timeline: what is before a position, after one, or around one; the newest where none
    is given."""

    before: int | None = None
    after: int | None = None
    at: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no part was asked for."""
        return self.before is None and self.after is None and self.at is None


WHOLE = Part()


async def thread_of(
    session: Reading,
    agent: Agent,
    conversation: Conversation,
    case: Case,
    *,
    part: Part = WHOLE,
    dialog: str = "",
) -> Thread:
    """A conversation with *case* chosen, or a part of it."""
    cursor = cursor_of(await timelines.newest_position(session))
    entries = await _entries(session, Actor.agent(agent), conversation, part)
    thread = await beside_of(session, agent, conversation, case)
    return replace(thread, cursor=cursor, entries=entries, dialog=dialog)


async def _entries(session: Reading, actor: Actor, conversation: Conversation, part: Part) -> timelines.Page:
    if part.at is not None:
        return await timelines.around(session, conversation, actor, part.at)
    if part.after is not None:
        return await timelines.after(session, conversation, actor, part.after)
    return await timelines.newest(session, conversation, actor, before=part.before)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a look into a case shows."""

    id: str
    head: Head
    entries: timelines.Page


async def glimpse_of(session: Reading, agent: Agent, conversation: Conversation, case: Case) -> Glimpse:
    """The head of a case, and what is newest in its conversation."""
    entries = await timelines.newest(session, conversation, Actor.agent(agent), limit=GLIMPSED)
    return Glimpse(conversation.public_id, (await heads.of_cases(session, [case.id]))[case.id], entries)


async def beside_of(session: Reading, agent: Agent, conversation: Conversation, case: Case) -> Thread:
    """The same without its entries and its cursor: what stands beside the timeline, and depends on who
    looks."""
    # The panel first: it reads the addresses that the composer asks for.
    panel = await panels.panel_of(session, Actor.agent(agent), conversation)
    composer = await composers.composer_of(session, agent, conversation, case)
    names = await _names(session, agent)
    return Thread(
        id=conversation.public_id,
        cursor="",
        head=(await heads.of_cases(session, [case.id]))[case.id],
        entries=timelines.Page((), has_older=False, private_cases=0),
        composer=composer,
        panel=panel,
        mentions=json.dumps(names, ensure_ascii=False),
        attention=await followers.attention_of(session, case.id, agent.id),
    )


async def _names(session: Reading, agent: Agent) -> list[dict[str, str | int]]:
    """Who else can be mentioned: people, those who are away with who covers (else their own name again), then
    teams with how many others are in them."""
    away = {one.public_id: one.cover_name or one.name for one in (await absences.away_now(session)).values()}
    choices, members = await choices_of(session), await members_of_teams(session)
    names: list[dict[str, str | int]] = []
    for face in choices.people:
        if face.agent_id is not None and face.agent_id != agent.public_id:
            is_away = {"away": away[face.agent_id]} if face.agent_id in away else {}
            names.append({"id": face.agent_id, "name": face.name, **is_away})
    for team in choices.teams:
        others = members.get(team.public_id, frozenset()) - {agent.public_id}
        names.append({"id": team.public_id, "name": team.name, "slug": team.slug, "members": len(others)})
    return names


async def chosen_case(session: Reading, actor: Actor, conversation: Conversation) -> Case:
    """The case that is open on the screen where none was named: the newest unfinished one, else the newest.

    Raises NotFound where the actor may see none.
    """
    found = await cases.newest_unfinished(session, actor, conversation.id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


async def missed_by(session: Reading, actor: Actor, error: MissedMessages) -> list[Missed]:
    """What the writer of a refused reply has not seen."""
    rows = await messages.by_public_ids(session, actor, error.message_ids)
    return [
        Missed(row.author_name or row.author_address or "Somebody", row.created_at, snippet(row.text, 300))
        for row in rows
    ]
