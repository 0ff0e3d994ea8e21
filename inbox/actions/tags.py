"""The tags that cases may bear."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.errors import Conflict, Invalid
from inbox.models import Tag


async def add_tag(session: AsyncSession, *, name: str, hue: int) -> Tag:
    """Add a tag; raises Conflict where there is one of this name, Invalid for an empty one."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("A tag needs a name.", field="name")
    if await session.scalar(select(Tag.id).where(Tag.name == name)) is not None:
        raise Conflict("There is a tag %(name)s already.", name=name)
    tag = Tag(name=name, hue=hue)
    session.add(tag)
    await session.flush()
    return tag
