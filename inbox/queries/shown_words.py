"""Messages and notes as a screen shows them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from inbox.envelopes import SPOKEN, ChannelKind, Span, SpanKind, Verdict
from inbox.models import Agent, AuthorKind, Customer, Direction
from inbox.queries.shown import (
    Face,
    NoteStretch,
    ShownAddress,
    ShownFile,
    ShownMessage,
    ShownNote,
    ShownRecipient,
    face_of,
)
from inbox.queries.shown_rows import DeliveryRow, FileRow, MessageRow, NoteRow
from inbox.sending_rates import SendingRate
from inbox.texts import has_remote_pictures, linkify, markdown_html, new_words, quoted_words

DECORATION_BYTES = 16_384


def face_of_agent(agent: Agent) -> Face:
    """The face of somebody inside."""
    return face_of(agent.name, agent.public_id, agent_id=agent.public_id)


def face_of_customer(customer: Customer, name: str = "") -> Face:
    """The face of the person outside, under the name they wrote with if there is one."""
    return face_of(name or customer.name or "Visitor", customer.public_id)


class Named(Protocol):
    """A channel, as far as its kind and its name are known."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...


class Headed(Protocol):
    """A strand, as far as what heads it is known."""

    @property
    def is_side(self) -> bool: ...
    @property
    def page(self) -> str: ...
    @property
    def subject(self) -> str: ...


def label_of(strand: Headed, channel: Named) -> str:
    """What heads a strand: a mail's subject, a chat's page, a form's name; whom a side strand is with."""
    if strand.is_side:
        return f"{strand.page} · {strand.subject}"
    if channel.kind == ChannelKind.EMAIL:
        return strand.subject or "No subject"
    if channel.kind == ChannelKind.FORM:
        return strand.page or channel.name
    if channel.kind in SPOKEN:
        return strand.subject
    return _path_of(strand.page) or channel.name


def _path_of(page: str) -> str:
    """What tells a page from the others of its site; its site where it is the first of them."""
    site, _, rest = page.partition("://")[2].partition("/")
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    return f"/{path}" if path else site or page


@dataclass(frozen=True, slots=True)
class Due:
    """When a message leaves, where nobody has tried yet; and its mailbox's rate, where it waits for that."""

    at: datetime | None = None
    rate: SendingRate | None = None


NOT_DUE = Due()


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else of a message its row points to. `agent` wrote it, where somebody inside did; `html` is ""
    where it has none; `due` says when it leaves."""

    channel: Named
    strand_id: str
    strand_label: str
    is_side: bool
    customer_id: str
    customer_name: str
    agent: Face | None
    html: str
    files: Sequence[FileRow]
    deliveries: Sequence[DeliveryRow]
    due: Due = NOT_DUE


def shown_message(message: MessageRow, around: Around) -> ShownMessage:
    """A message as everybody sees it who may."""
    author, key = _author(message, around)
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    new = new_words(message.text, spans)
    is_inbound = message.direction == Direction.INBOUND
    kind = around.channel.kind
    return ShownMessage(
        public_id=message.public_id,
        is_inbound=is_inbound,
        author=author,
        author_kind=message.author_kind,
        author_key=key,
        author_address=message.author_address if kind == ChannelKind.EMAIL else "",
        channel_kind=kind,
        channel_name=around.channel.name,
        strand_id=around.strand_id,
        strand_label=around.strand_label,
        is_side=around.is_side,
        subject=message.subject,
        to=_addresses(message.to),
        cc=_addresses(message.cc),
        words=tuple(linkify(new)),
        quoted=tuple(linkify(quoted_words(message.text, spans))) if spans else (),
        formatted=markdown_html(new) if _is_markdown(message) else "",
        has_html=message.has_html,
        has_remote_pictures=has_remote_pictures(around.html),
        fields=tuple((str(label), str(value)) for label, value in message.fields if value),
        files=_files(around.files, has_html=message.has_html),
        page_url=message.page_url,
        delivery=message.delivery,
        delivery_error=message.delivery_error,
        delivery_at=message.delivery_at,
        due_at=around.due.at,
        sending_rate=around.due.rate.words if around.due.rate else None,
        recipients=_recipients(around.deliveries),
        is_unverified=is_inbound and message.dmarc == Verdict.FAIL,
        is_claimed=message.claimed,
        is_spam=message.is_spam,
        is_history=message.is_history,
        has_reused_id=message.reused_id,
        automatic=message.automatic,
        matched_rule=str(message.matched_by.get("rule", "")),
        matched_value=str(message.matched_by.get("value", "")),
        matched_through=str(message.matched_by.get("by", "")),
        forwarded_by=str(message.matched_by.get("forwarded_by", "")),
        came_through=tuple(str(name) for name in message.matched_by.get("came_through", ())),
    )


def shown_note(
    note: NoteRow, author: Face, mentioned: Sequence[Face], team_names: Sequence[str]
) -> ShownNote:
    """A note as everybody sees it who may; *mentioned* are the agents that it names."""
    named = {face.name for face in mentioned} | {face.name.split()[0] for face in mentioned if face.name}
    names = named | set(team_names) if mentioned else set()
    return ShownNote(
        public_id=note.public_id,
        author=author,
        words=tuple(_stretches(note.text, names)),
        mentioned=tuple(face.agent_id for face in mentioned if face.agent_id is not None),
        edited_at=note.edited_at,
    )


def _is_markdown(message: MessageRow) -> bool:
    """Whether somebody wrote it here; what was imported may have come from anywhere."""
    return message.author_kind == AuthorKind.AGENT and not message.is_history


def _author(message: MessageRow, around: Around) -> tuple[Face, str]:
    """Who wrote it, and what is equal for all of their messages."""
    if around.agent is not None:
        return around.agent, f"agent-{around.agent.agent_id}"
    if message.author_kind == AuthorKind.CUSTOMER:
        name = message.author_name or around.customer_name or "Visitor"
        face = face_of(name, around.customer_id)
        return face, f"customer-{around.customer_id}-{face.initials}"
    name = message.author_name or message.author_address or "Onethread"
    return face_of(name, message.author_address or name), f"{message.author_kind}-{name}"


def _addresses(stored: Sequence[dict[str, Any]]) -> tuple[ShownAddress, ...]:
    return tuple(ShownAddress(str(one.get("name") or ""), str(one.get("address") or "")) for one in stored)


def _recipients(deliveries: Sequence[DeliveryRow]) -> tuple[ShownRecipient, ...]:
    return tuple(ShownRecipient(one.address, one.state, one.error, one.repeated) for one in deliveries)


def _files(files: Sequence[FileRow], *, has_html: bool) -> tuple[ShownFile, ...]:
    return tuple(
        ShownFile(
            public_id=one.public_id,
            filename=one.filename,
            content_type=one.content_type,
            size=one.size,
            is_decoration=one.inline and has_html and one.size < DECORATION_BYTES,
        )
        for one in files
    )


def _stretches(text: str, names: set[str]) -> Iterator[NoteStretch]:
    position = 0
    if names:
        longest_first = sorted(names, key=len, reverse=True)
        pattern = "|".join(re.escape(name) for name in longest_first)
        for found in re.finditer(rf"@(?:{pattern})(?!\w)", text):
            yield from _linked(text[position : found.start()])
            yield NoteStretch(found[0], is_mention=True)
            position = found.end()
    yield from _linked(text[position:])


def _linked(text: str) -> Iterator[NoteStretch]:
    return (NoteStretch(segment.text, segment.url) for segment in linkify(text))
