"""Removing words for good: out of a message, of whatever quotes it, and of all that was made of either.

It cannot be undone: nothing keeps what was there. What points to files only lets go of them here;
`inbox.clearing` takes them from the disk, and what the database's own files still hold, once this is
committed.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox import clock
from inbox.actions import audit
from inbox.actions.events import record
from inbox.actions.previews import refresh_preview
from inbox.actions.redaction_leavings import (
    REMOVED,
    REMOVED_DIGEST,
    let_go_of_mails,
    let_go_of_raws,
    raws_of,
    unwanted,
)
from inbox.actions.redaction_places import remove_from_places
from inbox.actors import Actor
from inbox.envelopes import Span, SpanKind
from inbox.errors import Invalid
from inbox.holding import hold_message
from inbox.locks import lock_conversations
from inbox.models import (
    Agent,
    Attachment,
    Case,
    Conversation,
    EventKind,
    Message,
)
from inbox.models.privacy import AuditKind, Cleanup, CleanupKind, Redaction
from inbox.policies import Action, authorize
from inbox.queries.fulltext import has_all
from inbox.redacting import MARK, Words, lines_of, words_of
from inbox.texts import new_words, quoted_words

CHUNK = 200
MOST_ELSEWHERE = 500
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to go: phrases, or all that the message says; and which of its files (public ids)."""

    phrases: Sequence[str] = ()
    is_whole: bool = False
    files: Collection[str] = ()


@dataclass(slots=True, kw_only=True)
class Extent:
    """How far a redaction reaches: `quoting` messages besides the one, files, raw inputs, and rows of other
    tables by name."""

    messages: int = 0
    quoting: int = 0
    files: int = 0
    raws: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)

    @property
    def notes(self) -> int:
        return self.elsewhere["notes"]

    @property
    def drafts(self) -> int:
        return self.elsewhere["drafts"]


async def extent_of(session: AsyncSession, message: Message, wish: Wish) -> Extent:
    """What `redact` would change. Raises as it does for a wish that cannot be fulfilled."""
    return await _Redacting(session, message, wish, write=False).run()


async def redact(
    session: AsyncSession, message: Message, wish: Wish, *, by: Agent, reason: str, origin: str = ""
) -> Extent:
    """Remove for good what *wish* says, and note in the audit who did it, why, and from where.

    Everybody's open screens are drawn anew. Raises Invalid without a reason or for words that do not stand
    in the message, Conflict while the message is leaving.
    """
    authorize(Actor.agent(by), Action.CHANGE)
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid("Say why, in a sentence.", field="reason")
    conversation, case = await hold_message(session, message)
    redacting = _Redacting(session, message, wish, write=True)
    extent = await redacting.run()
    kept_reason = redacting.words.out_of(reason).text
    await redacting.settle(kept_reason, by)
    for changed in redacting.changed:
        own = case if changed.case_id == message.case_id else None
        await _tell(session, changed, own, by=by, is_whole=wish.is_whole and changed is message)
    audit.note(
        session,
        AuditKind.MESSAGE_REDACTED,
        by=by,
        subject=f"message {message.public_id}",
        origin=origin,
        reason=kept_reason,
        conversation=conversation.public_id,
        whole=wish.is_whole,
        messages=extent.messages,
        quoting=extent.quoting,
        notes=extent.notes,
        drafts=extent.drafts,
        files=extent.files,
        raw=extent.raws,
    )
    return extent


async def _tell(
    session: AsyncSession, changed: Message, case: Case | None, *, by: Agent, is_whole: bool
) -> None:
    """Have every open screen that shows the message drawn anew."""
    home = await session.get_one(Conversation, changed.conversation_id)
    record(
        session,
        EventKind.MESSAGE_REDACTED,
        actor=Actor.agent(by),
        conversation=home,
        case=case,
        message=changed,
        data={"whole": is_whole, "conversations": [home.public_id]},
    )


class _Redacting:
    """One redaction. `words` are what goes, `changed` the messages that held them, the chosen one first."""

    def __init__(self, session: AsyncSession, message: Message, wish: Wish, *, write: bool) -> None:
        self._session = session
        self._message = message
        self._wish = wish
        self._write = write
        self.changed: list[Message] = []
        spans = _spans(message)
        own = new_words(message.text, spans)
        self.words = words_of(lines_of(own) if wish.is_whole else wish.phrases)

    async def run(self) -> Extent:
        extent = Extent()
        extent.files = await self._remove_files()
        await self._remove_from_message()
        if not self.changed and not extent.files:
            raise Invalid("These words do not stand in the message.", field="words")
        await self._remove_from_quoting()
        homes = {message.conversation_id for message in self.changed} | {self._message.conversation_id}
        if self.words:
            extent.elsewhere = await remove_from_places(
                self._session, self.words, sorted(homes), write=self._write
            )
        extent.messages = len(self.changed)
        extent.quoting = len([one for one in self.changed if one is not self._message])
        extent.raws = await self._count_raws()
        return extent

    async def settle(self, reason: str, by: Agent) -> None:
        """What follows from it: files and composed mails are let go of, and lists repeat what stands now."""
        await self._session.flush()
        ids = {message.id for message in self.changed} | {self._message.id}
        for message_id in sorted(ids):
            is_whole = self._wish.is_whole and message_id == self._message.id
            row = Redaction(message_id=message_id, agent_id=by.id, is_whole=is_whole, reason=reason)
            self._session.add(row)
        await let_go_of_raws(self._session, ids)
        await let_go_of_mails(self._session, [self._message, *self.changed])
        self._session.add(Cleanup(kind=CleanupKind.INDEX, due_at=clock.now()))
        for case_id in sorted({one.case_id for one in self.changed if one.case_id is not None}):
            case = await self._session.get_one(Case, case_id)
            home = await self._session.get_one(Conversation, case.conversation_id)
            await refresh_preview(self._session, home, case)

    # The message itself

    async def _remove_files(self) -> int:
        if not self._wish.files:
            return 0
        query = select(Attachment).where(
            Attachment.message_id == self._message.id, Attachment.public_id.in_(self._wish.files)
        )
        files = (await self._session.scalars(query)).all()
        if self._write:
            for one in files:
                self._session.add(unwanted(one.digest))
                one.digest, one.size = REMOVED_DIGEST, len(REMOVED)
                one.filename, one.content_type = MARK, "text/plain"
                one.content_id, one.inline = None, False
            if files:
                self._note_changed(self._message)
        return len(files)

    async def _remove_from_message(self) -> None:
        if self._wish.is_whole:
            self._blank(self._message)
        elif self.words:
            self._change(self._message, self.words)

    def _blank(self, message: Message) -> None:
        if self._write:
            message.text, message.spans, message.html = MARK, [], None
            message.fields = [[label, MARK] for label, value in message.fields if value]
        self._note_changed(message)

    def _change(self, message: Message, words: Words) -> None:
        columns = {
            "text": message.text,
            "spans": message.spans,
            "subject": message.subject,
            "html": message.html,
            "fields": message.fields,
        }
        new = words.out_of_columns(columns)
        page_url = words.out_of(message.page_url or "").text or None
        if new == columns and page_url == message.page_url:
            return
        if self._write:
            for name, value in new.items():
                setattr(message, name, value)
            message.page_url = page_url
        self._note_changed(message)

    def _note_changed(self, message: Message) -> None:
        if message not in self.changed:
            self.changed.append(message)

    # What quotes it

    async def _remove_from_quoting(self) -> None:
        if not self.words:
            return
        home = self._message.conversation_id
        after = 0
        while True:
            rows = await self._messages(Message.conversation_id == home, Message.id > after, limit=CHUNK)
            for row in rows:
                self._change_quoting(row)
            if len(rows) < CHUNK:
                break
            after = rows[-1].id
        elsewhere = await self._quoting_elsewhere()
        if self._write:
            await lock_conversations(self._session, {row.conversation_id for row in elsewhere})
        for row in elsewhere:
            self._change_quoting(row)

    def _change_quoting(self, message: Message) -> None:
        if message.id == self._message.id:
            return
        words = self.words
        if self._wish.is_whole:  # a line that was removed may be anybody's, but not in a quote
            words = Words(words.found_in(quoted_words(message.text, _spans(message))))
        if words:
            self._change(message, words)

    async def _quoting_elsewhere(self) -> list[Message]:
        """Messages of other conversations that answer one of this one: a stranger's, whose answer was
        held."""
        terms = max(self.words.phrases, key=len)
        found = ["".join(c if c.isalnum() else " " for c in terms).split()[:8]]
        if not found[0]:
            return []
        rows = await self._messages(
            has_all(self._session, Message, found[0]),
            Message.conversation_id != self._message.conversation_id,
            limit=MOST_ELSEWHERE,
        )
        named = {reference for row in rows for reference in row.references}
        own = select(Message.external_id).where(
            Message.external_id.in_(named), Message.conversation_id == self._message.conversation_id
        )
        ours = set(await self._session.scalars(own))
        return [row for row in rows if ours & set(row.references)]

    async def _messages(self, *conditions: ColumnElement[bool], limit: int) -> list[Message]:
        query = select(Message).where(*conditions).order_by(Message.id).limit(limit)
        return list(await self._session.scalars(query))

    # What was made of them

    async def _count_raws(self) -> int:
        ids = {message.id for message in self.changed}
        return len((await self._session.scalars(raws_of(ids))).all())


def _spans(message: Message) -> list[Span]:
    return [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
