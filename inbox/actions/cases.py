"""Opening cases and changing what they say about themselves."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions.events import record
from inbox.actions.undos import remember, undoable
from inbox.actors import SYSTEM, Actor
from inbox.errors import Conflict, Invalid
from inbox.holding import hold_case
from inbox.models import (
    Agent,
    Case,
    CaseNumber,
    CaseTag,
    Channel,
    Conversation,
    EventKind,
    Priority,
    Status,
    Tag,
    Undo,
)

LONGEST_SUBJECT = 500
LONGEST_TAG = 80
MOST_TAGS = 50


async def next_case_numbers(session: AsyncSession, count: int = 1) -> Sequence[int]:
    """*count* numbers that no other case will ever have, ascending."""
    taken = update(CaseNumber).values(newest=CaseNumber.newest + count).returning(CaseNumber.newest)
    last = (await session.execute(taken)).scalar_one()
    return range(last - count + 1, last + 1)


async def open_case(
    session: AsyncSession,
    conversation: Conversation,
    *,
    subject: str,
    channel: Channel | None = None,
    claimed: bool = False,
    status: Status = Status.OPEN,
    by: Actor = SYSTEM,
) -> Case:
    """Open a piece of work in a saved conversation, in the queue of the channel's default team."""
    (number,) = await next_case_numbers(session)
    case = Case(
        number=number,
        conversation_id=conversation.id,
        origin_conversation_id=conversation.id,
        subject=subject,
        claimed=claimed,
        status=status,
        first_channel_id=channel.id if channel else None,
        team_id=channel.default_team_id if channel else None,
        opened_at=clock.now(),
    )
    session.add(case)
    await session.flush()
    record(session, EventKind.CASE_OPENED, actor=by, conversation=conversation, case=case)
    return case


async def change(
    session: AsyncSession,
    case: Case,
    *,
    by: Agent | Actor,
    subject: str | None = None,
    priority: Priority | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Change what a case says about itself; None leaves a thing as it is. *tags* are all its tags by name,
    new ones are made.

    Raises Invalid for a subject or a tag that cannot be used.
    """
    conversation = await hold_case(session, case)
    facts: dict[str, Any] = {}
    before = {"subject": case.subject, "priority": case.priority}
    if subject is not None and (line := _one_line(subject)) != case.subject:
        case.subject, facts["subject"] = line, True
    if priority is not None and priority != case.priority:
        case.priority, facts["priority"] = priority, priority
    if tags is not None:
        facts |= await _retag(session, case, tags)
    if not facts:
        return
    actor = Actor.agent(by) if isinstance(by, Agent) else by
    record(session, EventKind.CASE_CHANGED, actor=actor, conversation=conversation, case=case, data=facts)
    journal = {"before": before, "after": {"subject": case.subject, "priority": case.priority}}
    tagged = {name: facts.get(name, []) for name in ("tags_added", "tags_removed")}
    await remember(session, by=by, action="change", journal=journal | tagged, case=case)


@undoable("change")
async def _say_as_before(session: AsyncSession, undo: Undo, by: Agent) -> None:
    case = await session.get_one(Case, undo.case_id)
    await hold_case(session, case)
    before, after = undo.journal["before"], undo.journal["after"]
    if {"subject": case.subject, "priority": case.priority} != after:
        raise Conflict("Somebody has changed this since. It stays as it is.")
    await session.refresh(case, ["tags"])
    kept = [tag.name for tag in case.tags if tag.name not in undo.journal["tags_added"]]
    tags = [*kept, *undo.journal["tags_removed"]]
    await change(
        session, case, by=by, subject=before["subject"], priority=Priority(before["priority"]), tags=tags
    )


def _one_line(subject: str) -> str:
    line = " ".join(subject.replace("\x00", "").split())
    if len(line) > LONGEST_SUBJECT:
        raise Invalid("A subject has at most %(most)s characters.", most=LONGEST_SUBJECT, field="subject")
    return line


async def _retag(session: AsyncSession, case: Case, names: Sequence[str]) -> dict[str, list[str]]:
    """Give the case exactly these tags; answers what was added and removed."""
    wanted = {name.casefold(): name for name in (" ".join(name.split()) for name in names) if name}
    if len(wanted) > MOST_TAGS or any(len(name) > LONGEST_TAG or "\x00" in name for name in wanted.values()):
        raise Invalid(
            "At most %(most)s tags of at most %(most2)s characters.",
            most=MOST_TAGS,
            most2=LONGEST_TAG,
            field="tags",
        )
    existing = {tag.name.casefold(): tag for tag in await session.scalars(select(Tag))}
    missing = [Tag(name=name) for key, name in wanted.items() if key not in existing]
    session.add_all(missing)
    await session.flush()
    existing |= {tag.name.casefold(): tag for tag in missing}
    had_ids = set(await session.scalars(select(CaseTag.tag_id).where(CaseTag.case_id == case.id)))
    had = {key: tag for key, tag in existing.items() if tag.id in had_ids}
    added = [existing[key] for key in wanted if key not in had]
    removed = [tag for key, tag in had.items() if key not in wanted]
    session.add_all(CaseTag(case_id=case.id, tag_id=tag.id) for tag in added)
    await session.execute(
        delete(CaseTag).where(CaseTag.case_id == case.id, CaseTag.tag_id.in_([tag.id for tag in removed]))
    )
    if not added and not removed:
        return {}
    return {
        "tags": sorted(existing[key].name for key in wanted),
        "tags_added": [tag.name for tag in added],
        "tags_removed": [tag.name for tag in removed],
    }
