"""Files that agents have uploaded and not sent yet."""

from sqlalchemy.ext.asyncio import AsyncSession

from inbox.envelopes import InboundAttachment
from inbox.models import Agent, Attachment


async def keep(session: AsyncSession, file: InboundAttachment, *, by: Agent) -> Attachment:
    """Remember a stored file until a message or a note names it."""
    attachment = Attachment(
        uploaded_by_agent_id=by.id,
        digest=file.digest,
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
    )
    session.add(attachment)
    await session.flush()
    return attachment
