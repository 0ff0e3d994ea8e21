"""The tags that cases and customers bear: made, renamed, joined, removed."""

import re

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.actions import audit
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, AuditKind, CaseTag, CustomerTag, SavedView, Tag
from inbox.queries.shown import HUES

LONGEST_TAG = 80


async def add_tag(session: AsyncSession, *, name: str, hue: int) -> Tag:
    """Add a tag; raises Conflict where there is one of this name, Invalid for an empty one."""
    name = _name(name)
    await _refuse_taken(session, name)
    tag = Tag(name=name, hue=_hue(hue))
    session.add(tag)
    await session.flush()
    return tag


async def change_tag(session: AsyncSession, tag: Tag, *, name: str, hue: int) -> None:
    """Rename and colour a tag; saved views that look for it look for the new name.

    Raises Conflict where another one has that name: join them instead.
    """
    name = _name(name)
    await _refuse_taken(session, name, but=tag)
    if name != tag.name:
        await _rename_in_views(session, tag.name, name)
    tag.name, tag.hue = name, _hue(hue)
    await session.flush()


async def join_tags(session: AsyncSession, tag: Tag, *, into: Tag, by: Agent, origin: str = "") -> int:
    """Give whatever bears *tag* the other one instead; it cannot be undone. Answers how many bore it."""
    if tag.id == into.id:
        raise Invalid("Choose another tag to join it with.", field="into")
    moved = 0
    for model, owner in ((CaseTag, CaseTag.case_id), (CustomerTag, CustomerTag.customer_id)):
        standing = select(owner).where(model.tag_id == into.id)
        await session.execute(
            delete(model).where(model.tag_id == tag.id, owner.in_(standing)),
            execution_options={"synchronize_session": False},
        )
        rewritten = update(model).where(model.tag_id == tag.id).values(tag_id=into.id).returning(model.id)
        moved += len((await session.scalars(rewritten)).all())
    await _rename_in_views(session, tag.name, into.name)
    subject = f"tag {tag.name} → {into.name}"
    audit.note(session, AuditKind.TAG_MERGED, by=by, subject=subject, origin=origin, moved=moved)
    await session.delete(tag)
    await session.flush()
    return moved


async def remove_tag(session: AsyncSession, tag: Tag, *, by: Agent, origin: str = "") -> int:
    """Take a tag away from whatever bears it, for good. Answers how many did."""
    cases = await session.scalar(select(func.count(CaseTag.id)).where(CaseTag.tag_id == tag.id)) or 0
    people = await session.scalar(select(func.count(CustomerTag.id)).where(CustomerTag.tag_id == tag.id))
    subject, bore = f"tag {tag.name}", cases + (people or 0)
    audit.note(session, AuditKind.TAG_REMOVED, by=by, subject=subject, origin=origin, bore=bore)
    await session.execute(delete(CaseTag).where(CaseTag.tag_id == tag.id))
    await session.execute(delete(CustomerTag).where(CustomerTag.tag_id == tag.id))
    await session.delete(tag)
    await session.flush()
    return bore


def _name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise Invalid("A tag needs a name.", field="name")
    if len(name) > LONGEST_TAG:
        raise Invalid("A tag has at most %(most)d characters.", most=LONGEST_TAG, field="name")
    return name


def _hue(hue: int) -> int:
    if not 1 <= hue <= HUES:
        raise Invalid("Choose one of the colours.", field="hue")
    return hue


async def _refuse_taken(session: AsyncSession, name: str, *, but: Tag | None = None) -> None:
    same = select(Tag.id).where(func.lower(Tag.name) == name.lower())
    if but is not None:
        same = same.where(Tag.id != but.id)
    if await session.scalar(same.limit(1)) is not None:
        raise Conflict("There is a tag %(name)s already.", name=name)


async def _rename_in_views(session: AsyncSession, old: str, new: str) -> None:
    """`tag:old` and `tag:"old name"` in the words of saved views."""
    written = re.compile(rf'(?<!\S)(-?tag:)(?:"{re.escape(old)}"|{re.escape(old)}(?!\S))', re.IGNORECASE)
    name = f'"{new}"' if re.search(r"\s", new) else new
    for view in await session.scalars(select(SavedView).where(SavedView.words.contains("tag:"))):
        view.words = written.sub(lambda found: found[1] + name, view.words)
