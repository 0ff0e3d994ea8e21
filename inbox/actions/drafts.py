"""What an agent has begun to write: one reply and one note for each conversation."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.errors import Conflict, Invalid
from inbox.models import Agent, Conversation, Draft, Strand
from inbox.upserts import insert_into

KINDS = ("reply", "note")
LONGEST_TEXT = 500_000


class DraftChanged(Conflict):
    """The draft was changed elsewhere since; `text` and `version` are what stands now."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("This draft was changed on another device.")
        self.text, self.version = draft.text, version_of(draft)


async def save_draft(
    session: AsyncSession,
    conversation: Conversation,
    *,
    by: Agent,
    kind: str,
    text: str,
    strand: Strand | None = None,
    based_on: str | None = None,
) -> Draft | None:
    """Keep what is being written, in place of what was there; empty text discards it.

    *based_on* is the version that its writer had before them, "" where there was none; None for whatever
    stands. Raises DraftChanged where another one stands now, Invalid for another kind, or for a text that is
    too long.
    """
    if kind not in KINDS:
        raise Invalid("A draft is of a reply or of a note.", field="kind")
    if len(text) > LONGEST_TEXT:
        raise Invalid("A draft has at most %(most)d characters.", most=LONGEST_TEXT, field="text")
    if based_on is not None:
        await _refuse_over(session, conversation, by, kind, text, based_on)
    if not text.strip():
        await discard_draft(session, conversation, by=by, kind=kind)
        return None
    changing = {
        "text": text.replace("\x00", ""),
        "strand_id": strand.id if strand else None,
        "updated_at": clock.now(),
    }
    place = {"agent_id": by.id, "conversation_id": conversation.id, "kind": kind}
    # Two windows of one agent may save at once: the constraint decides, and the later one stands.
    saved = insert_into(session, Draft).values(**place, **changing)
    saved = saved.on_conflict_do_update(index_elements=list(place), set_=changing)
    await session.execute(saved)
    found = select(Draft).filter_by(**place).execution_options(populate_existing=True)
    return (await session.scalars(found)).one()


async def discard_draft(session: AsyncSession, conversation: Conversation, *, by: Agent, kind: str) -> None:
    """Forget what was being written, if anything was."""
    await session.execute(
        delete(Draft).where(
            Draft.agent_id == by.id, Draft.conversation_id == conversation.id, Draft.kind == kind
        )
    )


def version_of(draft: Draft | None) -> str:
    """What names this state of a draft; "" for none."""
    return draft.updated_at.isoformat() if draft is not None else ""


async def _refuse_over(
    session: AsyncSession, conversation: Conversation, by: Agent, kind: str, text: str, based_on: str
) -> None:
    standing = select(Draft).where(
        Draft.agent_id == by.id, Draft.conversation_id == conversation.id, Draft.kind == kind
    )
    draft = (await session.scalars(standing.with_for_update())).first()
    if draft is not None and version_of(draft) != based_on and draft.text != text:
        raise DraftChanged(draft)
