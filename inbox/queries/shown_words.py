"""Messages and notes as a screen shows them."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from inbox.envelopes import ChannelKind, Span, SpanKind, Verdict
from inbox.models import Agent, AuthorKind, Customer, Direction, Message, Note, Strand
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
from inbox.texts import has_remote_pictures, linkify, markdown_html, new_words, quoted_words

DECORATION_BYTES = 16_384


def face_of_agent(agent: Agent) -> Face:
    """The face of somebody inside."""
    return face_of(agent.name, agent.public_id, agent_id=agent.public_id)


def face_of_customer(customer: Customer, name: str = "") -> Face:
    """The face of the person outside, under the name they wrote with if there is one."""
    return face_of(name or customer.name or "Visitor", customer.public_id)


def label_of(strand: Strand) -> str:
    """What heads a strand: a mail's subject, a chat's page, a form's name; whom a side strand is with."""
    if strand.is_side:
        return f"{strand.page} · {strand.subject}"
    if strand.channel.kind == ChannelKind.EMAIL:
        return strand.subject or "No subject"
    if strand.channel.kind == ChannelKind.FORM:
        return strand.page or strand.channel.name
    return f"from {strand.page}" if strand.page else strand.channel.name


def shown_message(message: Message, strand: Strand, customer: Customer, due: datetime | None) -> ShownMessage:
    """A message loaded with its channel, author, attachments and deliveries."""
    author, key = _author(message, customer)
    spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
    is_inbound = message.direction == Direction.INBOUND
    return ShownMessage(
        public_id=message.public_id,
        is_inbound=is_inbound,
        author=author,
        author_kind=message.author_kind,
        author_key=key,
        author_address=message.author_address if message.channel.kind == ChannelKind.EMAIL else "",
        channel_kind=message.channel.kind,
        channel_name=message.channel.name,
        strand_id=strand.public_id,
        strand_label=label_of(strand),
        is_side=strand.is_side,
        subject=message.subject,
        to=_addresses(message.to),
        cc=_addresses(message.cc),
        words=tuple(linkify(new_words(message.text, spans))),
        quoted=tuple(linkify(quoted_words(message.text, spans))),
        formatted=markdown_html(new_words(message.text, spans)) if _is_markdown(message) else "",
        has_html=message.html is not None,
        has_remote_pictures=has_remote_pictures(message.html or ""),
        fields=tuple((str(label), str(value)) for label, value in message.fields if value),
        files=_files(message),
        page_url=message.page_url,
        delivery=message.delivery,
        delivery_error=message.delivery_error,
        delivery_at=message.delivery_at,
        due_at=due,
        recipients=_recipients(message),
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


def shown_note(note: Note, mentioned: Sequence[Agent], team_names: Sequence[str]) -> ShownNote:
    """A note loaded with its author; *mentioned* are the agents that it names."""
    named = {agent.name for agent in mentioned} | {agent.name.split()[0] for agent in mentioned if agent.name}
    names = named | set(team_names) if mentioned else set()
    return ShownNote(
        public_id=note.public_id,
        author=face_of_agent(note.author),
        words=tuple(_stretches(note.text, names)),
        mentioned=tuple(agent.public_id for agent in mentioned),
        edited_at=note.edited_at,
    )


def _is_markdown(message: Message) -> bool:
    """Whether somebody wrote it here; what was imported may have come from anywhere."""
    return message.author_kind == AuthorKind.AGENT and not message.is_history


def _author(message: Message, customer: Customer) -> tuple[Face, str]:
    """Who wrote it, and what is equal for all of their messages."""
    if message.author_agent is not None:
        face = face_of_agent(message.author_agent)
        return face, f"agent-{message.author_agent.public_id}"
    if message.author_kind == AuthorKind.CUSTOMER:
        face = face_of_customer(customer, message.author_name)
        return face, f"customer-{customer.public_id}-{face.initials}"
    name = message.author_name or message.author_address or "Onethread"
    return face_of(name, message.author_address or name), f"{message.author_kind}-{name}"


def _addresses(stored: Sequence[dict[str, Any]]) -> tuple[ShownAddress, ...]:
    return tuple(ShownAddress(str(one.get("name") or ""), str(one.get("address") or "")) for one in stored)


def _recipients(message: Message) -> tuple[ShownRecipient, ...]:
    return tuple(
        ShownRecipient(one.address, one.state, one.error, one.repeated) for one in message.deliveries
    )


def _files(message: Message) -> tuple[ShownFile, ...]:
    has_html = message.html is not None
    return tuple(
        ShownFile(
            public_id=one.public_id,
            filename=one.filename,
            content_type=one.content_type,
            size=one.size,
            is_decoration=one.inline and has_html and one.size < DECORATION_BYTES,
        )
        for one in message.attachments
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
