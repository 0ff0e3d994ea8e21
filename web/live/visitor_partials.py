"""Messages as a visitor sees them: a shape of their own, so that nothing else of a message can be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from inbox.envelopes import ChannelKind, Span, SpanKind
from inbox.models import Direction
from inbox.queries.panel_messages import PanelFile, PanelMessage
from inbox.texts import Segment, linkify, markdown_html, new_words
from inbox.words import ENGLISH
from web.sealed import Seals
from web.visiting import environment
from web.visits import Visit

FILE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file to fetch; its URL is good for a day, for whoever has it."""

    filename: str
    size: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """All that a visitor's panel may know of a message. `client_id` is the panel's own, where it wrote it."""

    id: str
    position: int
    is_own: bool
    at: datetime
    client_id: str = ""
    segments: Sequence[Segment] = ()
    html: Markup | None = None
    files: Sequence[ShownFile] = ()
    author: str = ""
    initials: str = ""
    hue: int = 1
    by_email: bool = False
    is_read: bool = False


def file_seals(visit: Visit) -> Seals:
    """Seals in the URLs of files that a visitor may fetch."""
    return Seals(visit.installation.keys, "visitor file")


def draw(messages: Sequence[PanelMessage], visit: Visit) -> str:
    """The messages as HTML, one element each."""
    seals = file_seals(visit)
    template = environment(ENGLISH).get_template("webchat/_message.html")  # it holds no words
    return "".join(template.render(message=shown(message, visit, seals)) for message in messages)


def shown(message: PanelMessage, visit: Visit, seals: Seals) -> ShownMessage:
    """What a visitor may know of a message that they may see."""
    files = [_file(file, visit, seals) for file in message.files]
    by_email = message.channel_kind == ChannelKind.EMAIL
    if message.direction == Direction.INBOUND:
        own_prefix = f"{visit.visitor_id}:"
        external_id = message.external_id or ""
        spans = [Span(start, end, SpanKind(kind)) for start, end, kind in message.spans]
        return ShownMessage(
            id=message.public_id,
            position=message.position,
            is_own=True,
            at=message.created_at,
            client_id=external_id.removeprefix(own_prefix) if external_id.startswith(own_prefix) else "",
            segments=linkify(new_words(message.text, spans)),
            files=files,
            by_email=by_email,
        )
    name = message.author or visit.channel.name
    first_name = name.split()[0] if message.author.split() else name
    return ShownMessage(
        id=message.public_id,
        position=message.position,
        is_own=False,
        at=message.created_at,
        html=Markup(markdown_html(message.text)),  # sanitised as its last step
        files=files,
        author=first_name,
        initials="".join(word[0] for word in name.split()[:2]).upper(),
        hue=(message.author_agent_id or 0) % 3 + 1,
        by_email=by_email,
        is_read=message.delivery == "read",
    )


def _file(file: PanelFile, visit: Visit, seals: Seals) -> ShownFile:
    sealed = seals.seal(digest=file.digest, filename=file.filename, content_type=file.content_type)
    return ShownFile(
        filename=file.filename,
        size=in_words(file.size),
        url=f"/widget/{visit.channel.public_key}/files/{sealed}",
    )


def in_words(size: int) -> str:
    """A size as people say it."""
    if size < 1_000:
        return f"{size} bytes"
    if size < 1_000_000:
        return f"{size / 1_000:.0f} kB"
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"
